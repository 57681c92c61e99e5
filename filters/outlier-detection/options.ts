import * as z from 'zod'
import { duration, statusPatterns } from '../../core/index.ts'

const positive = () => duration().refine((ms) => ms > 0, { error: 'expected a duration above zero' })
const orOff = <T extends z.ZodType>(kind: T, expected: string) =>
  z.union([kind, z.literal(['off', false])], { error: expected })
const percent = (least: number) => z.int().min(least).max(100)

export const options = z.strictObject({
  consecutive_failures: orOff(z.int().min(1), 'expected a whole number from 1, or off')
    .default(5)
    .describe('Failures in a row that eject a target, or `off`.'),
  failure_percentage_threshold: orOff(percent(1), 'expected a percentage (1 to 100), or off')
    .default('off')
    .describe('Share of failures within an `interval` that ejects a target, in percent, or `off`.'),
  failure_percentage_request_volume: z
    .int()
    .min(1)
    .default(50)
    .describe('Attempts that an `interval` must have before the share counts.'),
  interval: positive().prefault('10s').describe('Time over which the share is computed.'),
  failure_statuses: statusPatterns()
    .default([502, 503, 504])
    .describe(
      'Statuses of the upstream that count as failures: numbers (`503`) or classes (`5xx`). A request without a response always counts.',
    ),
  base_ejection_time: positive()
    .prefault('30s')
    .describe(
      'How long the first ejection lasts. The second in a row lasts twice as long, the third three times, and so on.',
    ),
  max_ejection_time: positive().prefault('5m').describe('Longest time of an ejection.'),
  max_ejection_percent: percent(0)
    .default(50)
    .describe("Largest share of the endpoint's targets that are ejected at once, in percent, rounded down."),
})

export type Options = z.output<typeof options>
