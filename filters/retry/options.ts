import * as z from 'zod'
import { duration, size, TOKEN_PATTERN } from '../../core/index.ts'

const above0 = () => duration().refine((ms) => ms > 0, { error: 'expected a duration above zero' })

const method = z
  .string()
  .regex(TOKEN_PATTERN, 'expected a method')
  .transform((name) => name.toUpperCase())

const STATUS = 'expected a status from 400 to 599, as a number'

export const options = z.strictObject({
  max_retries: z.int().min(0).max(10).default(2).describe('How often a request is sent again, at most.'),
  methods: z
    .array(method)
    .prefault(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
    .describe(
      'Methods that are sent again though the upstream may have had the request; the default are the idempotent ones.',
    ),
  idempotency_key: z
    .boolean()
    .default(true)
    .describe('Whether a request of any method with `Idempotency-Key` counts as one of `methods`.'),
  statuses: z
    .array(z.int(STATUS).min(400, STATUS).max(599, STATUS))
    .default([502, 503, 504])
    .describe('Statuses of the upstream that are worth another attempt.'),
  per_try_timeout: above0().optional().describe('Time for one attempt, until the head of its answer. Default: none.'),
  timeout: above0()
    .optional()
    .describe(
      'Time from the head of the request to the head of the answer, all attempts and waits included. Default: none.',
    ),
  backoff: z
    .strictObject({
      base: duration().prefault('25ms').describe('Longest wait before the first retry; it doubles with each.'),
      max: duration().prefault('250ms').describe('Where it stops growing.'),
    })
    .prefault({})
    .describe('Waits before a retry: a random time up to a limit that grows.'),
  max_retry_after: duration()
    .prefault('1s')
    .describe('Longest `Retry-After` of an upstream that is waited for; a longer one is passed on with its answer.'),
  max_body: size()
    .prefault('64KiB')
    .describe('Largest request body that is kept to be sent again; of a larger one nothing may have been sent.'),
  budget: z
    .strictObject({
      percent: z.number().min(0).max(100).default(20).describe('Retries among the requests of the window, at most.'),
      min_retries: z.int().min(0).default(3).describe('Retries that a window may have however few its requests.'),
      window: above0().prefault('10s').describe('Length of the sliding window.'),
    })
    .prefault({})
    .describe('How many retries an endpoint may cause, so that they do not bring down what is overloaded.'),
})

export type Options = z.output<typeof options>
