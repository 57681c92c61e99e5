import * as z from 'zod'
import { FILTER_NAME, filterName, GROUP_NAME, options, positiveDuration, section, text } from './value-kinds.ts'

export const DEFAULT_CHAIN = [
  'request-id',
  'auth',
  'route-match',
  'method-check',
  'breaker',
  'proxy',
  'metrics',
] as const

export const filterEntryShape = {
  filter: filterName().describe('The filter, by the name that its factory has.'),
  name: text()
    .optional()
    .meta({ pattern: FILTER_NAME.source })
    .describe('Its name in the chain, in traces and metrics; unique in the chain. Default: the name of the filter.'),
  options: options().nullable().optional().describe('Its options. Default: none; each option has its own default.'),
  off: z
    .boolean()
    .default(false)
    .describe('`true` leaves it off, except where an endpoint or its groups turn it on: there with these options.'),
  hook_timeout: positiveDuration()
    .optional()
    .describe(
      'How long one hook of the filter may take before the request gets a 500; the time of the upstream does not count. Default: no limit.',
    ),
}

const onOrOff = () => z.literal(['off', 'on', false, true, null]).meta({ title: 'on or off' })

/** json-schema.ts finds it by its title, and adds the options of the known filters. */
export const filterEntry = () =>
  z
    .union([
      filterName(),
      section(filterEntryShape),
      z.record(z.string().regex(FILTER_NAME), z.union([options(), onOrOff()])),
    ])
    .meta({ title: 'filter' })

export const refinements = () =>
  z
    .record(z.string(), z.union([options(), onOrOff()], { error: 'expected options (a mapping) or off' }))
    .meta({ title: 'options by filter' })

/** Groups by name. Loading reads them by hand (groups.ts). */
export const groups = () => z.record(z.string().regex(GROUP_NAME), refinements().nullable())
