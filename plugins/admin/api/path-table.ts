import type { AnyOperation } from './api-operation.ts'

/** What a path leads to. */
export interface PathMatch {
  /** By method. */
  readonly operations: ReadonlyMap<string, AnyOperation>
  /** Id of an endpoint; empty if the path has none. */
  readonly id: string
  readonly params: Readonly<Record<string, string>>
}

/** Why a path leads nowhere. */
export type PathRefusal = 'unknown' | 'no_such_id' | 'malformed'

/** A path with names in braces in place of segments. */
interface Template {
  readonly segments: readonly string[]
  readonly operations: Map<string, AnyOperation>
}

/** What names and versions of endpoints are made of: nothing that percent-encoding could hide. */
const LABEL = /^[A-Za-z0-9._~-]+$/
const PARAMETER = /^\{(\w+)\}$/

/** `{id}` written out: the name alone, and version and name. */
export const writtenOut = (path: string): readonly string[] =>
  path.includes('{id}') ? [path.replace('{id}', '{name}'), path.replace('{id}', '{version}/{name}')] : [path]

/**
 * Finds the operations of a path. Segments are compared as they are written; what stands in place of a parameter is percent-decoded once.
 * Where a segment of a template and a parameter of another both fit, the segment counts: `/registry/endpoints/v1/status` is the status of
 * the endpoint `v1`, and the endpoint `v1/status` is at `/registry/endpoints/v1/%73tatus`.
 */
export class PathTable {
  /** By number of segments, the more literal first. */
  readonly #templates = new Map<number, Template[]>()

  constructor(operations: readonly AnyOperation[]) {
    const byPath = new Map<string, Template>()
    for (const operation of operations)
      for (const path of writtenOut(operation.path)) {
        const template = byPath.get(path) ?? { segments: path.split('/'), operations: new Map() }
        byPath.set(path, template)
        if (template.operations.has(operation.method)) throw new Error(`${operation.method} ${path} is there twice`)
        template.operations.set(operation.method, operation)
      }
    for (const template of byPath.values()) {
      const { length } = template.segments
      this.#templates.set(length, [...(this.#templates.get(length) ?? []), template].sort(literalFirst))
    }
  }

  find(path: string): PathMatch | PathRefusal {
    const segments = path.split('/')
    const template = this.#templates.get(segments.length)?.find((one) => fits(one, segments))
    return template === undefined ? 'unknown' : read(template, segments)
  }
}

function literalFirst(a: Template, b: Template): number {
  for (const [i, segment] of a.segments.entries()) {
    const difference = Number(PARAMETER.test(segment)) - Number(PARAMETER.test(b.segments[i]!))
    if (difference !== 0) return difference
  }
  return 0
}

const fits = ({ segments }: Template, given: readonly string[]): boolean =>
  segments.every((segment, i) => segment === given[i] || (PARAMETER.test(segment) && given[i] !== ''))

function read({ segments, operations }: Template, given: readonly string[]): PathMatch | PathRefusal {
  const params: Record<string, string> = {}
  for (const [i, segment] of segments.entries()) {
    const [, name] = PARAMETER.exec(segment) ?? []
    if (name === undefined) continue
    const value = decoded(given[i]!)
    if (value === undefined) return 'malformed'
    params[name] = value
  }
  const { version, name, ...others } = params
  if (name === undefined) return { operations, id: '', params: others }
  const labels = version === undefined ? [name] : [version, name]
  // An encoded slash must not make one segment the id of a versioned endpoint.
  if (!labels.every((label) => LABEL.test(label))) return 'no_such_id'
  return { operations, id: labels.join('/'), params: others }
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

/** The path of an endpoint in the registry. */
export function registryPath(id: string): string {
  // As in PathTable: "v1/status" would be the status of "v1".
  return `/registry/endpoints/${id.replace(/\/status$/, '/%73tatus')}`
}
