import * as z from 'zod'
import { FILTER_NAME, filterName, off, options, positiveDuration, section, text } from './value-kinds.ts'

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
  hook_timeout: positiveDuration()
    .optional()
    .describe(
      'How long one hook of the filter may take before the request gets a 500; the time of the upstream does not count. Default: no limit.',
    ),
}

/** json-schema.ts finds it by its title, and adds the options of the known filters. */
export const filterEntry = () =>
  z
    .union([
      filterName(),
      section(filterEntryShape),
      z.record(
        z.string().regex(FILTER_NAME),
        z.union([options(), z.literal(['off', 'on', false, true, null]).meta({ title: 'on or off' })]),
      ),
    ])
    .meta({ title: 'filter' })

export const refinements = () =>
  z
    .record(z.string(), z.union([options(), off(), z.null()], { error: 'expected options (a mapping) or off' }))
    .meta({ title: 'options by filter' })
