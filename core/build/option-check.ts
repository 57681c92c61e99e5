import type { FilterFactory } from '../api/filter-factory.ts'
import type { StandardIssue } from '../api/standard-schema.ts'
import { errorText } from '../base/error-text.ts'
import { wordIssue } from '../base/issue-wording.ts'
import { isSecret } from '../base/masking.ts'
import { show } from '../base/show.ts'
import { didYouMean } from '../base/suggest.ts'
import { isThenable } from '../base/thenable.ts'
import type { Path, Problem } from '../control/config-error.ts'
import type { OptionsSpec } from '../control/gateway-spec.ts'
import { placed } from './lane.ts'

type Checked = { value: unknown; problems?: undefined } | { problems: Problem[] }

/** Validates a filter's options by its schema. Returns the parsed options, or every problem with its place. */
export function checkOptions(factory: FilterFactory, spec: OptionsSpec): Checked {
  const checked = validatedOrThrown(factory, spec)
  if (checked.problems === undefined) return checked
  return { problems: checked.problems.map((problem) => ({ ...problem, ...placed(problem.path, spec) })) }
}

/** The problems of those options that are given: a filter that is off in the chain may get the others from endpoints. */
export function checkGivenOptions(factory: FilterFactory, spec: OptionsSpec): Problem[] {
  const given = Object.keys(spec.options).map((key) => placeOf([key], spec))
  const isGiven = ({ path }: Problem): boolean => given.some((place) => place.every((step, i) => path[i] === step))
  return checkOptions(factory, spec).problems?.filter(isGiven) ?? []
}

function validatedOrThrown(factory: FilterFactory, spec: OptionsSpec): Checked {
  try {
    return validated(factory, spec)
  } catch (error) {
    const message = `the options of "${factory.name}" could not be validated: ${errorText(error)}`
    return { problems: [{ path: spec.at, message }] }
  }
}

function validated(factory: FilterFactory, spec: OptionsSpec): Checked {
  const { options: schema } = factory
  if (schema === undefined) {
    const problems = Object.keys(spec.options).map((key) => ({
      path: placeOf([key], spec),
      message: `the filter "${factory.name}" takes no options`,
    }))
    return problems.length > 0 ? { problems } : { value: {} }
  }
  const result = schema['~standard'].validate(spec.options)
  if (isThenable(result)) {
    result.then(undefined, () => {})
    return {
      problems: [
        {
          path: spec.at,
          message: `the options of "${factory.name}" are validated asynchronously, which is not supported`,
        },
      ],
    }
  }
  if (result.issues === undefined) return { value: result.value }
  return { problems: result.issues.flatMap((issue) => toProblems(issue, factory, spec)) }
}

function toProblems(issue: StandardIssue, factory: FilterFactory, spec: OptionsSpec): Problem[] {
  const path = (issue.path ?? []).map((part) => {
    const key = typeof part === 'object' ? part.key : part
    return typeof key === 'number' ? key : String(key)
  })
  const unknown = (issue as { keys?: readonly string[] }).keys
  if (unknown !== undefined && Array.isArray(unknown)) {
    const known = propertiesAt(factory, path)
    return unknown.map((key) => ({
      path: placeOf([...path, key], spec),
      message: `unknown option ${show(key)} of the filter "${factory.name}".${didYouMean(key, known)}${known.length > 0 ? ` It takes: ${known.join(', ')}.` : ''}`,
    }))
  }
  const value = valueAt(spec.options, path)
  const message = wordIssue(issue, value)
  const secret = path.some((step) => isSecret(String(step)))
  const tells = path.length > 0 && !secret && (value !== undefined || message.startsWith('expected'))
  return [{ path: placeOf(path, spec), message, ...(tells ? { found: show(value) } : {}) }]
}

/** The place of an option in the document: shorthand keys are elsewhere. */
function placeOf(path: Path, spec: OptionsSpec): Path {
  const [first, ...rest] = path
  if (first === undefined) return spec.at
  const origin = spec.origins !== undefined && Object.hasOwn(spec.origins, first) ? spec.origins[first] : undefined
  return origin === undefined ? [...spec.at, ...path] : [...origin, ...rest]
}

/** Names of the options that the schema knows at a path. */
function propertiesAt(factory: FilterFactory, path: Path): string[] {
  try {
    let node: unknown = factory.options?.['~standard'].jsonSchema.input({ target: 'draft-2020-12' })
    for (const part of path)
      node = typeof part === 'number' ? child(node, 'items') : child(child(node, 'properties'), part)
    return Object.keys((child(node, 'properties') as object | undefined) ?? {})
  } catch {
    return [] // without JSON Schema there is no suggestion, but still a message
  }
}

const child = (node: unknown, key: string): unknown =>
  typeof node === 'object' && node !== null && Object.hasOwn(node, key)
    ? (node as Record<string, unknown>)[key]
    : undefined

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((node, part) => child(node, String(part)), value)
