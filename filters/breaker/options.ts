import * as z from 'zod'
import { duration, size } from '../../core/index.ts'
import type { BreakerRules, RateRules } from './breaker-state.ts'
import { defaultResponse } from './default-response.ts'
import { redirectOptions } from './redirect.ts'

const CLASS = /^[1-5]xx$/
const STATUS = 'expected a status (503) or a class of statuses (5xx)'

const above0 = () => duration().refine((ms) => ms > 0, { error: 'expected a duration above zero' })
const PERCENT = 'expected a percentage above 0 and up to 100, such as 50'
const percent = () => z.number(PERCENT).gt(0, PERCENT).max(100, PERCENT)

const stored = z.strictObject({
  max_age: above0().prefault('1d').describe('How old an answer may be that is still given.'),
  max_entry_size: size().prefault('1MiB').describe('Largest body that is kept; larger answers are not.'),
  max_entries: z.int().min(1).default(10_000).describe('Answers kept; the longest unused goes first.'),
  max_size: size().prefault('64MiB').describe('Memory for all of them together; the longest unused goes first.'),
})

export const options = z
  .strictObject({
    scope: z
      .enum(['endpoint', 'target'])
      .optional()
      .describe(
        'What one breaker guards: the `endpoint` as a whole, or each `target` by itself, the others going on without it. Default: `target` where there are several.',
      ),
    failure_threshold: z
      .union([z.literal(['off', false]).transform(() => Infinity), z.int().min(1)], {
        error: 'expected off, or a whole number from 1',
      })
      .prefault(5)
      .describe('Consecutive failures that open the breaker; `off` for none.'),
    failure_rate: percent()
      .optional()
      .describe('Percentage of failures among the calls of the `window` that opens it as well. Default: none.'),
    slow_call_rate: percent()
      .optional()
      .describe('Percentage of slow calls among the calls of the `window` that opens it as well. Default: none.'),
    slow_call_duration: above0()
      .optional()
      .describe(
        'From when on a call is slow: time until the head of the answer, or until it was clear that none would come. Default: none; it is required with `slow_call_rate`.',
      ),
    window: above0().optional().describe('How far back the rates look. Default: `30s`.'),
    minimum_calls: z
      .int()
      .min(1)
      .optional()
      .describe('Calls in the `window` below which rates say nothing. Default: `20`.'),
    reset_timeout: above0()
      .prefault('60s')
      .describe(
        'How long it stays open before probes go out, and how long a probe that has not ended holds its slot; above zero.',
      ),
    max_reset_timeout: above0()
      .optional()
      .describe(
        'What the time it stays open grows to: it doubles each time that probes fail. Default: `5m`, or `reset_timeout` if that is longer.',
      ),
    half_open_max_calls: z
      .int()
      .min(1)
      .default(3)
      .describe('Probes that go out while half open, and how many successes close the breaker.'),
    failure_statuses: z
      .array(z.union([z.int().min(100).max(599), z.string().regex(CLASS, STATUS)], { error: STATUS }))
      .default(['5xx'])
      .describe('Statuses of the upstream that count as failures: numbers (`503`) or classes (`5xx`).'),
    fallback_strategy: z
      .enum(['error_response', 'default_response', 'cached_response', 'redirect'])
      .default('error_response')
      .describe(
        'What answers while it is open: a 503, an answer of your own, the last good answer to the same request, or a redirect.',
      ),
    default_response: defaultResponse
      .optional()
      .describe('The answer of `default_response`. Default: none; it is required for that strategy.'),
    cached_response: stored.optional().describe('What `cached_response` keeps, in memory. Default: its defaults.'),
    redirect: redirectOptions
      .optional()
      .describe('Where `redirect` sends clients. Default: none; it is required for that strategy.'),
  })
  .superRefine((given, context) => {
    const wrong = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    const { fallback_strategy: strategy } = given
    if ((strategy === 'default_response' || strategy === 'redirect') && given[strategy] === undefined)
      wrong(strategy, `fallback_strategy is ${strategy}: say here what it answers`)
    if (given.slow_call_rate !== undefined && given.slow_call_duration === undefined)
      wrong('slow_call_duration', 'slow_call_rate needs it: from when on is a call slow?')
    if (given.failure_threshold === Infinity && given.failure_rate === undefined && given.slow_call_rate === undefined)
      wrong('failure_threshold', 'nothing would ever open the breaker: give failure_rate or slow_call_rate beside off')
    if (given.max_reset_timeout !== undefined && given.max_reset_timeout < given.reset_timeout)
      wrong('max_reset_timeout', 'expected reset_timeout or more')
  })

export type Options = z.output<typeof options>
export type CachedResponseOptions = z.output<typeof stored>
export const CACHED_RESPONSE_DEFAULTS: CachedResponseOptions = stored.parse({})

export function rulesOf(given: Options): BreakerRules {
  return {
    failureThreshold: given.failure_threshold,
    rates: ratesOf(given),
    resetTimeout: given.reset_timeout,
    maxResetTimeout: given.max_reset_timeout ?? Math.max(300_000, given.reset_timeout),
    halfOpenMaxCalls: given.half_open_max_calls,
  }
}

function ratesOf(given: Options): RateRules | undefined {
  if (given.failure_rate === undefined && given.slow_call_rate === undefined) return undefined
  return {
    window: given.window ?? 30_000,
    minimumCalls: given.minimum_calls ?? 20,
    failureRate: given.failure_rate ?? Infinity,
    slowRate: given.slow_call_rate ?? Infinity,
    slowDuration: given.slow_call_rate === undefined ? Infinity : given.slow_call_duration!,
  }
}

/** What is said for nothing, a sentence each. */
export function* unusedOptions(given: Options): Iterable<string> {
  for (const key of ['default_response', 'cached_response', 'redirect'] as const)
    if (given[key] !== undefined && given.fallback_strategy !== key)
      yield `${key} has no effect: fallback_strategy is ${given.fallback_strategy}`
  const kept = given.fallback_strategy === 'cached_response' ? given.cached_response : undefined
  if (kept !== undefined && kept.max_entry_size > kept.max_size)
    yield 'max_entry_size of cached_response has no effect above its max_size'
  const rates = given.failure_rate !== undefined || given.slow_call_rate !== undefined
  for (const key of ['window', 'minimum_calls'] as const)
    if (given[key] !== undefined && !rates) yield `${key} has no effect without failure_rate or slow_call_rate`
  if (given.slow_call_duration !== undefined && given.slow_call_rate === undefined)
    yield 'slow_call_duration has no effect without slow_call_rate'
}

/** Which statuses are failures, by status: 1 or 0. */
export function failureTable(statuses: readonly (number | string)[]): Uint8Array {
  const table = new Uint8Array(1000)
  for (const status of statuses) {
    if (typeof status === 'number') table[status] = 1
    else table.fill(1, Number(status[0]) * 100, Number(status[0]) * 100 + 100)
  }
  return table
}
