import * as z from 'zod'
import { duration } from '../../core/base/units.ts'
import { off, oneOrMore, positiveDuration, section, sizeBetween, text } from './value-kinds.ts'

const DAY_MS = 86_400_000
/** Most resolutions: each is written for every endpoint. */
const MOST = 8

const step = () =>
  duration().refine(
    (ms) => ms >= 1000 && ms <= DAY_MS && ms % 1000 === 0,
    'expected whole seconds, from 1s to 1d, such as 10s',
  )

const resolution = () =>
  section({
    step: step().describe('Length of a step; a multiple of that of each finer resolution.'),
    keep: positiveDuration().describe('How long the steps are kept.'),
  })

export const statisticsShape = {
  enabled: z.boolean().default(true).describe('`false` counts nothing.'),
  resolutions: oneOrMore(resolution())
    .max(MOST, `expected at most ${MOST} resolutions`)
    .prefault([
      { step: '10s', keep: '15m' },
      { step: '1m', keep: '3h' },
    ])
    .describe('How long steps are, and how long they are kept.'),
  max_memory: sizeBetween(1024 ** 2, 64 * 1024 ** 3, 'expected a size from 1MiB to 64GiB')
    .prefault('64MiB')
    .describe(
      'Memory for all statistics of the gateway; beyond it the oldest of the finest steps go, then no further endpoint is added.',
    ),
  file: text()
    .optional()
    .describe(
      'File that keeps the statistics over restarts, relative to this one; written every five minutes and at the end. Default: none.',
    ),
}

/** `statistics`: a section, or `off`. */
export const statistics = () =>
  z.union([off(), section(statisticsShape)], {
    error: 'expected a mapping of resolutions, max_memory and file, or off',
  })
