import type { HookName } from '../run/hook-verdict.ts'
import { RULE_NAMES, type Rule } from './rule.ts'
import type { Subject } from './subject.ts'

/** Hooks whose results the engine does not await. */
const NEVER: readonly HookName[] = ['admit', 'pick', 'settled', 'log']
/** Those that run for every request: a promise in one of them costs every request. */
const COSTLY: readonly HookName[] = ['request', 'routed', 'response']

/** Hooks that must be synchronous are, and a plain request meets no promise. */
export const PROMISES: Rule<Subject> = {
  name: RULE_NAMES.promises,
  async check(subject) {
    const { async = false } = subject.setup
    const allowed = (hook: HookName): boolean => (typeof async === 'boolean' ? async : async.includes(hook))
    const chain = await subject.chain()
    try {
      const seen = new Set<HookName>()
      for (const traced of [true, false])
        for (const verdict of (await subject.run(chain, {}, traced)).verdicts) if (verdict.async) seen.add(verdict.hook)
      return [...seen].flatMap((hook) => {
        if (NEVER.includes(hook)) return [`${hook} returns a promise, which is not awaited: make it synchronous`]
        if (!COSTLY.includes(hook) || allowed(hook)) return []
        return [
          `${hook} returns a promise for a plain request: without async it costs nothing; if it must wait, conform(filter, { async: ['${hook}'] })`,
        ]
      })
    } finally {
      await chain.close()
    }
  },
}
