import * as z from 'zod'
import { duration, size, TOKEN_PATTERN } from '../../core/index.ts'

const above0 = () => duration().refine((ms) => ms > 0, { error: 'expected a duration above zero' })

const method = z
  .string()
  .regex(TOKEN_PATTERN, 'expected a method')
  .transform((name) => name.toUpperCase())

const STATUS = 'expected a status from 400 to 599, as a number'

export const options = z.strictObject({
  max_retries: z.int().min(0).max(10).default(2).describe('How often a request is sent again at most.'),
  methods: z
    .array(method)
    .prefault(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
    .describe(
      'Methods that are sent again even if the request may have reached the upstream. By default the idempotent ones.',
    ),
  idempotency_key: z
    .boolean()
    .default(true)
    .describe('Whether a request with `Idempotency-Key` is treated as one of `methods`, whatever its method.'),
  statuses: z
    .array(z.int(STATUS).min(400, STATUS).max(599, STATUS))
    .default([502, 503, 504])
    .describe('Statuses of the upstream that are retried.'),
  per_try_timeout: above0().optional().describe('Time for one attempt, until the head of its response. Default: none.'),
  timeout: above0()
    .optional()
    .describe(
      'Time from the head of the request to the head of the response, with all attempts and waits. Default: none.',
    ),
  backoff: z
    .strictObject({
      base: duration()
        .prefault('25ms')
        .describe('Longest wait before the first retry. It doubles with each further one.'),
      max: duration().prefault('250ms').describe('Largest value of the longest wait.'),
    })
    .prefault({})
    .describe('Waits before a retry: a random time up to a limit, which grows with each retry.'),
  max_retry_after: duration()
    .prefault('1s')
    .describe(
      'Longest `Retry-After` of an upstream that the gateway waits for. A response with a longer one goes to the client.',
    ),
  max_body: size()
    .prefault('64KiB')
    .describe(
      'Largest request body that is kept to be sent again. A request with a larger one is retried only if nothing of it was sent.',
    ),
  budget: z
    .strictObject({
      percent: z
        .number()
        .min(0)
        .max(100)
        .default(20)
        .describe('Largest number of retries, in percent of the requests of the window.'),
      min_retries: z.int().min(0).default(3).describe('Retries that a window allows however few requests it has.'),
      window: above0().prefault('10s').describe('Length of the sliding window.'),
    })
    .prefault({})
    .describe('Limits the retries of an endpoint, so that they do not bring down an overloaded upstream.'),
})

export type Options = z.output<typeof options>
