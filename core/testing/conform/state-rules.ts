import type { Exchange } from '../../api/exchange.ts'
import type { Slot } from '../../api/slot.ts'
import { sleep } from '../../base/timer.ts'
import type { RunInput } from '../run/run-input.ts'
import type { RunResult } from '../run/run-result.ts'
import type { TestChain } from '../run/test-chain.ts'
import { settled } from '../run/test-time.ts'
import { type Marks, markedInput, type Traces, text, tracesOf } from './marks.ts'
import { RULE_NAMES, type Rule } from './rule.ts'
import type { Subject } from './subject.ts'

/** What one request gave away. */
interface Seen {
  readonly result: RunResult
  readonly traces: Traces
}

/** Sends a request and notes what it leaves in slots. */
async function look(chain: TestChain, input: RunInput): Promise<Seen> {
  const slots = new Map<string, unknown>()
  const watch = (x: Exchange): void => {
    const set = x.set.bind(x)
    x.set = <T>(slot: Slot<T>, value: T) => {
      slots.set(slot.name, value)
      set(slot, value)
    }
  }
  const result = await chain.start(input, { watch })
  for (const name of KNOWN_SLOTS) slots.delete(name)
  return { result, traces: tracesOf(result, slots) }
}

/** Written by the engine and the test kit. */
const KNOWN_SLOTS = ['route', 'target', 'identity']

const MEND = 'what belongs to a request belongs in a slot (x.set), not in a variable of the filter'

/** Marks of one request in what another gave away. */
function leaks({ result, traces }: Seen, marks: Marks, withLogs: boolean): string[] {
  const problems: string[] = []
  const search = (value: string, where: string): void => {
    for (const [mark, place] of marks)
      if (value.includes(mark)) problems.push(`${place} of one request shows up in ${where} of another: ${MEND}`)
  }
  for (const [where, value] of traces) search(value, where)
  if (withLogs) for (const line of result.logs) search(text(line), 'the log lines')
  search(text(result.spans), 'the spans')
  return problems
}

/** Dates of HTTP (RFC 9110 §5.6.7) and ISO 8601, and the trace's id. */
const DATES = /\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|\b[0-9a-f]{32}\b/g

/** Where a request gave away something else than it does alone. @param alone of two chains: what differs there is random */
function differences(after: Traces, alone: readonly [Traces, Traces], varies: readonly string[]): string[] {
  const [one, two] = alone
  const may = new Set(varies.map((name) => name.toLowerCase()))
  const plain = (value: string | undefined): string | undefined => value?.replaceAll(DATES, '<date>')
  return [...new Set([...after.keys(), ...one.keys()])].filter((where) => {
    const field = /^the field (\S+)/.exec(where)?.[1]?.toLowerCase()
    if (field !== undefined && (may.has(field) || field === 'content-length')) return false
    return plain(one.get(where)) === plain(two.get(where)) && plain(after.get(where)) !== plain(one.get(where))
  })
}

/** An instance serves many requests at once, and none of them may see another. */
export const STATE: Rule<Subject> = {
  name: RULE_NAMES.state,
  async check(subject) {
    const { setup } = subject
    const learned = await subject.chain()
    await subject.run(learned).finally(() => learned.close())
    const a = markedInput('a', setup, subject.reads)
    const b = markedInput('b', setup, subject.reads)
    const { request, identity, slots } = setup
    const bare = Object.fromEntries(
      Object.entries({ request, identity, slots }).filter(([, value]) => value !== undefined),
    ) as RunInput
    const problems = new Set<string>()
    const inChain = async <T>(use: (chain: TestChain) => Promise<T>): Promise<T> => {
      const chain = await subject.chain()
      try {
        return await use(chain)
      } finally {
        for (const problem of labelProblems(chain, [a.marks, b.marks])) problems.add(problem)
        await chain.close()
      }
    }

    const alone = [await inChain((chain) => look(chain, bare)), await inChain((chain) => look(chain, bare))] as const
    const after = await inChain(async (chain) => {
      await look(chain, a.input)
      return look(chain, bare)
    })
    for (const leak of leaks(after, a.marks, true)) problems.add(leak)
    if (problems.size === 0)
      for (const where of differences(after.traces, [alone[0].traces, alone[1].traces], setup.varies ?? []))
        problems.add(
          `${where} differs when another request came before: ${MEND}; if it is meant to, conform(filter, { varies: ['Name-Of-The-Field'] })`,
        )

    for (const second of [b.input, bare]) {
      const [first, other] = await inChain((chain) => atOnce(chain, a.input, second, subject.factory.terminal === true))
      for (const leak of [...leaks(other, a.marks, false), ...leaks(first, b.marks, false)]) problems.add(leak)
    }
    return [...problems]
  },
}

/** Two requests at once: the second comes and is served while the upstream still works on the first. */
async function atOnce(chain: TestChain, a: RunInput, b: RunInput, isTerminal: boolean): Promise<[Seen, Seen]> {
  if (isTerminal) return Promise.all([look(chain, a), look(chain, b)])
  const gate = Promise.withResolvers<number>()
  const first = look(chain, { ...a, upstream: () => gate.promise })
  await settled()
  const second = look(chain, b)
  // Not for ever: the filter may let only one request pass at a time.
  await Promise.race([second, sleep(PATIENCE_MS)])
  gate.resolve(200)
  return Promise.all([first, second])
}

/** Real milliseconds. */
const PATIENCE_MS = 250

/** Metrics whose labels hold what clients send grow without bound. */
function labelProblems(chain: TestChain, all: readonly Marks[]): string[] {
  return chain.metrics.flatMap(({ name, labels }) =>
    Object.entries(labels).flatMap(([label, value]) =>
      all.flatMap((marks) =>
        [...marks]
          .filter(([mark]) => String(value).includes(mark))
          .map(
            ([, place]) =>
              `the label ${label} of the metric ${name} holds ${place} of requests: take labels from a fixed set`,
          ),
      ),
    ),
  )
}
