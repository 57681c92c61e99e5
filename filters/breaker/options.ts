import * as z from 'zod'
import { duration, matchesStatus, type StatusPattern, size, statusPatterns } from '../../core/index.ts'
import type { BreakerRules, RateRules } from './breaker-state.ts'
import { defaultResponse } from './default-response.ts'
import { redirectOptions } from './redirect.ts'

const above0 = () => duration().refine((ms) => ms > 0, { error: 'expected a duration above zero' })
const PERCENT = 'expected a percentage above 0 and up to 100, such as 50'
const percent = () => z.number(PERCENT).gt(0, PERCENT).max(100, PERCENT)

const cachedResponse = z.strictObject({
  max_age: above0().prefault('1d').describe('Largest age of a response that is still used.'),
  max_entry_size: size().prefault('1MiB').describe('Largest body that is stored.'),
  max_entries: z
    .int()
    .min(1)
    .default(10_000)
    .describe('Largest number of stored responses. The least recently used one is removed first.'),
  max_size: size()
    .prefault('64MiB')
    .describe('Memory for all stored responses. The least recently used one is removed first.'),
})

export const options = z
  .strictObject({
    scope: z
      .enum(['endpoint', 'target'])
      .optional()
      .describe(
        'What one breaker guards: the whole `endpoint`, or each `target` by itself, so that the others take its traffic. Default: `target` if there are several.',
      ),
    failure_threshold: z
      .union([z.literal(['off', false]).transform(() => Infinity), z.int().min(1)], {
        error: 'expected off, or a whole number from 1',
      })
      .prefault(5)
      .describe('Consecutive failures that open the breaker, or `off`.'),
    failure_rate: percent()
      .optional()
      .describe('Percentage of failures in the `window` that also opens it. Default: none.'),
    slow_call_rate: percent()
      .optional()
      .describe('Percentage of slow calls in the `window` that also opens it. Default: none.'),
    slow_call_duration: above0()
      .optional()
      .describe(
        'Time from which a call is slow, measured until the head of the response, or until it is clear that none comes. Required with `slow_call_rate`. Default: none.',
      ),
    window: above0().optional().describe('Length of the sliding window of the rates. Default: `30s`.'),
    minimum_calls: z
      .int()
      .min(1)
      .optional()
      .describe('Calls that the `window` must have before rates count. Default: `20`.'),
    reset_timeout: above0()
      .prefault('60s')
      .describe(
        'How long it stays open before it sends probes, and how long a probe without a result counts as under way. Above zero.',
      ),
    max_reset_timeout: above0()
      .optional()
      .describe(
        'Longest time that it stays open: the time doubles whenever probes fail. Default: `5m`, or `reset_timeout` if that is longer.',
      ),
    half_open_max_calls: z
      .int()
      .min(1)
      .default(3)
      .describe('Number of probes while it is half open, and of successes that close it.'),
    failure_statuses: statusPatterns()
      .default([502, 503, 504])
      .describe(
        'Statuses of the upstream that count as failures: numbers (`503`) or classes (`5xx`). A request without a response always counts.',
      ),
    fallback_strategy: z
      .enum(['error_response', 'default_response', 'cached_response', 'redirect'])
      .default('error_response')
      .describe(
        'Response while it is open: a 503, a response of your own, the last good response to the same request, or a redirect.',
      ),
    default_response: defaultResponse
      .optional()
      .describe('Response of the strategy `default_response`, which requires it. Default: none.'),
    cached_response: cachedResponse
      .optional()
      .describe(
        'Limits of the strategy `cached_response`, which stores responses in memory. Default: the defaults below.',
      ),
    redirect: redirectOptions
      .optional()
      .describe('Target of the strategy `redirect`, which requires it. Default: none.'),
  })
  .superRefine((given, context) => {
    const wrong = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    const { fallback_strategy: strategy } = given
    if ((strategy === 'default_response' || strategy === 'redirect') && given[strategy] === undefined)
      wrong(strategy, `fallback_strategy is ${strategy}, which needs this option`)
    if (given.slow_call_rate !== undefined && given.slow_call_duration === undefined)
      wrong('slow_call_duration', 'slow_call_rate needs this option: the time from which a call is slow')
    if (given.failure_threshold === Infinity && given.failure_rate === undefined && given.slow_call_rate === undefined)
      wrong('failure_threshold', 'nothing would ever open the breaker: with off, set failure_rate or slow_call_rate')
    if (given.max_reset_timeout !== undefined && given.max_reset_timeout < given.reset_timeout)
      wrong('max_reset_timeout', 'expected at least reset_timeout')
  })

export type Options = z.output<typeof options>
export type CachedResponseOptions = z.output<typeof cachedResponse>
export const CACHED_RESPONSE_DEFAULTS: CachedResponseOptions = cachedResponse.parse({})

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

/** Warnings about options without effect. */
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

/** Table by status: 1 for a failure, otherwise 0. It is looked up for every attempt. */
export const failureTable = (statuses: readonly StatusPattern[]): Uint8Array =>
  Uint8Array.from({ length: 1000 }, (_, status) => (matchesStatus(statuses, status) ? 1 : 0))
