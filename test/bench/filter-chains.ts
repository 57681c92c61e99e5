// What a filter costs: the default chain with it, and the same chain without it.

import { DEFAULT_CHAIN as CHAIN } from '../../core/testing.ts'

export const DEFAULT_CHAIN: readonly string[] = CHAIN

/** Filters by name, each as YAML of an entry of the chain, as an operator would write it. */
const ENTRIES = {
  'request-id': 'request-id',
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

/** The filter stands at its place in the default chain, or else before `breaker`. */
export const chainWith = (name: FilterName): readonly string[] =>
  DEFAULT_CHAIN.includes(name)
    ? DEFAULT_CHAIN.map((each) => (each === name ? ENTRIES[name] : each))
    : DEFAULT_CHAIN.flatMap((each) => (each === 'breaker' ? [ENTRIES[name], each] : each))
