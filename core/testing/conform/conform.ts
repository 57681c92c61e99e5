import type { FilterFactory } from '../../api/filter-factory.ts'
import { type ConformSetup, RULE_NAMES, type RuleName } from './rule.ts'

/**
 * Checks that a filter keeps the rules that every filter keeps, in some hundred chains and requests: its options, its
 * instances, responses and failures of others, hostile input, promises, and state between requests.
 *
 * ```ts
 * test('conforms', () => conform(tenant, { request: { headers: { 'X-Tenant': 'acme' } } }))
 * ```
 * @throws Error with every rule that is broken, what is wrong and how to mend it
 */
export async function conform(filter: FilterFactory, setup: ConformSetup = {}): Promise<void> {
  await check(filter, setup)
}

/** One rule of `conform`, to be run as a test of its own. */
export interface ConformanceTest {
  /** The rule as a sentence. */
  readonly name: RuleName
  /** @throws Error if the filter breaks it */
  run(): Promise<void>
}

/**
 * The same rules one by one, for test frameworks that show subtests.
 *
 * ```ts
 * for (const { name, run } of conformance(tenant)) test(name, run)
 * ```
 */
export function conformance(filter: FilterFactory, setup: ConformSetup = {}): ConformanceTest[] {
  return Object.values(RULE_NAMES).map((name) => ({ name, run: () => check(filter, setup, name) }))
}

async function check(filter: FilterFactory, setup: ConformSetup, only?: RuleName): Promise<void> {
  const { brokenRules } = await import('./rules.ts')
  const broken = await brokenRules(filter, setup, only)
  if (broken.length === 0) return
  const lines = broken.flatMap(({ rule, problems }) => [`- ${rule}:`, ...problems.map((problem) => `  - ${problem}`)])
  throw new Error([`the filter "${filter?.name}" breaks rules:`, ...lines].join('\n'))
}
