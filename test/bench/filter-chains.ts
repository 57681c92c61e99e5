// What a filter costs: the default chain with it, and the same chain without it.

import { DEFAULT_CHAIN as CHAIN } from '../../core/testing.ts'

export const DEFAULT_CHAIN: readonly string[] = CHAIN

/** Filters by name, each as YAML of an entry of the chain, as an operator would write it. */
const ENTRIES = {
  'request-id': 'request-id',
  cors: 'cors: { origins: ["https://app.example.com"], credentials: true }',
  auth: 'auth',
  'method-check': 'method-check: { methods: [GET, POST, PUT, PATCH, DELETE] }',
  'body-limit': 'body-limit: { max_size: 1MiB }',
  retry: 'retry: { per_try_timeout: 2s, timeout: 5s }',
  'concurrency-limit': 'concurrency-limit: { max_concurrent: 200 }',
  breaker: 'breaker: { failure_rate: 50 }',
  'outlier-detection': 'outlier-detection: { failure_percentage_threshold: 50 }',
  metrics: 'metrics',
} as const satisfies Readonly<Record<string, string>>

export type FilterName = keyof typeof ENTRIES

export const FILTER_NAMES = Object.keys(ENTRIES) as readonly FilterName[]

/** YAML of each entry. */
export const chainWithout = (name: FilterName): readonly string[] => DEFAULT_CHAIN.filter((each) => each !== name)

/** Where a filter belongs that the default chain does not have: before this one, or else before `breaker`. */
const PLACES: Partial<Readonly<Record<FilterName, string>>> = { cors: 'auth' }

/** The filter stands at its place in the default chain, or else where it belongs. */
export function chainWith(name: FilterName): readonly string[] {
  if (DEFAULT_CHAIN.includes(name)) return DEFAULT_CHAIN.map((each) => (each === name ? ENTRIES[name] : each))
  const place = PLACES[name] ?? 'breaker'
  return DEFAULT_CHAIN.flatMap((each) => (each === place ? [ENTRIES[name], each] : each))
}
