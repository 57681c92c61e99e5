import { WeirError } from '../../api/errors.ts'
import type { Exchange } from '../../api/exchange.ts'
import type { Filter, Finished } from '../../api/filter.ts'
import type { FilterFactory } from '../../api/filter-factory.ts'
import { HookError } from '../../api/hook-error.ts'
import { LocalReply, type Response } from '../../api/reply.ts'
import { isThenable } from '../../base/thenable.ts'
import { checkFilter } from '../../build/factory-check.ts'
import { promptVerdictOf, responseOf, targetOf, verdictOf } from '../../chain/hook-results.ts'
import type { HookName, HookVerdict } from './hook-verdict.ts'
import type { RecordOf, RunRecord } from './run-record.ts'

const anything = (): undefined => undefined

/** What each hook may return; throws for anything else, as the engine does. */
const CHECKS = {
  request: verdictOf,
  routed: verdictOf,
  upstream: responseOf,
  pick: targetOf,
  admit: promptVerdictOf,
  call: responseOf,
  settled: anything,
  response: verdictOf,
  log: anything,
} as const satisfies Record<HookName, unknown>

type Hook = (...args: unknown[]) => unknown

/** A factory whose filters note on the record of the exchange what their hooks did. What was synchronous stays so. */
export function recorded(factory: FilterFactory, recordOf: RecordOf): FilterFactory {
  const create: FilterFactory['create'] = (options, env) => {
    const made = factory.create(options, env)
    const wrap = (filter: Filter): Filter => withRecordedHooks(checkFilter(filter, factory), env.name, recordOf)
    return isThenable(made) ? made.then(wrap) : wrap(made)
  }
  return Object.create(factory, { create: { value: create } }) as FilterFactory
}

function withRecordedHooks(filter: Filter, name: string, recordOf: RecordOf): Filter {
  // Seen by name, since every hook is wrapped alike.
  const hooks = filter as unknown as Readonly<Record<string, Hook | undefined>>
  const made: Record<string, Hook> = {}
  for (const hook of ['explain', 'patterns', 'dispose']) {
    const run = hooks[hook]
    if (run !== undefined) made[hook] = run.bind(filter)
  }
  for (const hook of Object.keys(CHECKS) as HookName[]) {
    const run = hooks[hook]?.bind(filter)
    if (run === undefined) continue
    made[hook] = (...args) => {
      const x = hook === 'log' ? (args[0] as Finished).exchange : (args[0] as Exchange)
      const record = recordOf(x)
      if (record === undefined) return run(...args)
      if (hook === 'call') record.sentHeaders = x?.request.headers.clone()
      return noting(record, name, hook, () => run(...args))
    }
  }
  return made as unknown as Filter
}

/** Runs a hook and notes how it ended, at once or when its promise does. */
function noting(record: RunRecord, filter: string, hook: HookName, run: () => unknown): unknown {
  const note: { -readonly [key in keyof HookVerdict]: HookVerdict[key] } = {
    filter,
    hook,
    verdict: 'pending',
    reason: undefined,
    async: false,
  }
  record.verdicts.push(note)
  const threw = (error: unknown): void => {
    note.verdict = 'error'
    note.reason = reasonOf(error)
  }
  const returned = (value: unknown): void => {
    try {
      CHECKS[hook](value, filter, hook)
    } catch (error) {
      return threw(error)
    }
    const own = value instanceof LocalReply && (value.filter ?? filter) === filter
    note.verdict = own ? 'reply' : 'continue'
    if (own) note.reason = value.reason
    if (hook === 'call' && !(value instanceof LocalReply)) record.upstreamHeaders = (value as Response).headers.clone()
  }
  try {
    const value = run()
    if (!isThenable(value)) {
      returned(value)
      return value
    }
    note.async = true
    // Once: `then` of what is no real promise may do the work again.
    const promise = Promise.resolve(value)
    if (hook === 'admit' || hook === 'pick') returned(promise)
    else promise.then(returned, threw)
    return promise
  } catch (error) {
    threw(error)
    throw error
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof HookError) return reasonOf(error.cause)
  if (error instanceof WeirError) return error.code
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
