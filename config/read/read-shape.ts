import * as z from 'zod'
import { wordIssue } from '../../core/base/issue-wording.ts'
import { didYouMean } from '../../core/base/suggest.ts'
import type { Path } from '../../core/control/config-error.ts'
import { BROKEN, type Mapping } from '../document/plain-data.ts'
import type { Problems } from '../document/problems.ts'
import type { Values } from '../schema/value-kinds.ts'

const required = new WeakMap<object, readonly string[]>()

/**
 * Reads a mapping key by key, so that a problem of one key hides no other.
 * @param byHand keys of the shape that the caller reads itself
 * @param hintFor says of an unknown key where it belongs
 */
export function readShape<S extends z.ZodRawShape>(
  shape: S,
  raw: Mapping,
  at: Path,
  problems: Problems,
  byHand: readonly string[] = [],
  hintFor?: (key: string) => string | undefined,
): Values<S> {
  const values: Record<string, unknown> = {}
  for (const key of Object.keys(raw)) {
    if (!Object.hasOwn(shape, key)) problems.unknownKey([...at, key], Object.keys(shape), hintFor?.(key))
    else if (raw[key] !== BROKEN && !byHand.includes(key)) {
      const result = z.safeParse(shape[key]!, raw[key])
      if (result.success) values[key] = result.data
      else reportIssues(result.error.issues, raw[key], [...at, key], problems)
    }
  }
  let needed = required.get(shape)
  if (needed === undefined) {
    needed = Object.keys(shape).filter((key) => !z.safeParse(shape[key]!, undefined).success)
    required.set(shape, needed)
  }
  for (const key of needed) if (!Object.hasOwn(raw, key)) problems.error(at, `"${key}" is missing`)
  return values as Values<S>
}

/** Reports issues of zod as problems in plain words. `value` is the value that was validated, `at` its path. */
export function reportIssues(issues: readonly z.core.$ZodIssue[], value: unknown, at: Path, problems: Problems): void {
  for (const issue of issues) {
    const steps = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
    const path = [...at, ...steps]
    const found = dig(value, steps)
    if (found === BROKEN) continue
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys) problems.unknownKey([...path, key], issue.message.split(' '))
    else {
      const branch = issue.code === 'invalid_union' ? nearest(issue) : undefined
      if (branch !== undefined) reportIssues(branch, found, path, problems)
      else if (found === undefined && steps.length > 0)
        problems.error(path.slice(0, -1), `"${steps.at(-1)}" is missing`)
      else problems.error(path, messageOf(issue, found, path, problems))
    }
  }
}

/** The alternative of a union that has the kind of the value: what is wrong is inside of it. */
function nearest(issue: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const wrongKind = (i: z.core.$ZodIssue): boolean =>
    i.path.length === 0 && (i.code === 'invalid_type' || i.code === 'invalid_value' || i.code === 'invalid_union')
  for (const branch of issue.errors) {
    if (branch.length > 0 && !branch.some(wrongKind)) return branch
    const [first] = branch
    // An alternative that is a union itself.
    const inner = first?.code === 'invalid_union' && first.path.length === 0 ? nearest(first) : undefined
    if (inner !== undefined) return inner
  }
  return undefined
}

/** `expected one of "a", "b", found "c". Did you mean …`. */
function messageOf(issue: z.core.$ZodIssue, value: unknown, path: Path, problems: Problems): string {
  const text = wordIssue(issue, value)
  if (!text.startsWith('expected')) return text
  const near =
    issue.code === 'invalid_value' && typeof value === 'string' ? didYouMean(value, issue.values.map(String)) : ''
  return `${text}, found ${problems.found(path, value)}${near === '' ? '' : `.${near}`}`
}

function dig(value: unknown, steps: readonly (string | number)[]): unknown {
  let found = value
  for (const step of steps) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined
    found = (found as Record<string | number, unknown>)[step]
  }
  return found
}
