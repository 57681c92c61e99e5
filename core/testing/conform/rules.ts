import type { FilterFactory } from '../../api/filter-factory.ts'
import { checkKeys } from '../run/known-keys.ts'
import { ANY_PLACE, EARLY_RESPONSES, UNPARSED } from './early-response-rules.ts'
import { FAILURES } from './failure-rules.ts'
import { describe } from './found-problems.ts'
import { HOSTILE } from './hostile-rules.ts'
import { PROMISES } from './promise-rules.ts'
import type { ConformSetup, Rule, RuleName } from './rule.ts'
import { INSTANCES, OPTIONS, SHAPE } from './shape-rules.ts'
import { STATE } from './state-rules.ts'
import { Subject } from './subject.ts'

const RULES: readonly Rule<Subject>[] = [
  ...[SHAPE, OPTIONS, INSTANCES],
  ...[EARLY_RESPONSES, ANY_PLACE, UNPARSED, FAILURES, HOSTILE, PROMISES, STATE],
]

const KEYS = ['options', 'endpoint', 'services', 'baseDir', 'identity', 'slots', 'request', 'async', 'varies'] as const

/** A rule that a filter breaks. */
export interface BrokenRule {
  readonly rule: RuleName
  /** What is wrong and how to mend it. */
  readonly problems: readonly string[]
}

/**
 * Every rule that a filter breaks.
 * @param only this rule alone
 */
export async function brokenRules(factory: FilterFactory, setup: ConformSetup, only?: RuleName): Promise<BrokenRule[]> {
  checkKeys(setup, KEYS, 'what a filter is checked with')
  const subject = new Subject(factory, setup)
  const broken: BrokenRule[] = []
  for (const { name, first, check } of RULES) {
    if (only !== undefined && name !== only) continue
    const problems = await Promise.resolve(subject)
      .then(check)
      .catch((error: unknown) => [describe(error)])
    if (problems.length > 0) broken.push({ rule: name, problems })
    if (problems.length > 0 && first === true) break
  }
  return broken
}
