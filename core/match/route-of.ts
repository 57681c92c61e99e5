import type { Route } from '../api/endpoint.ts'
import { normalPath } from '../base/normal-path.ts'
import type { Candidate } from './host-routes.ts'
import type { NoRoute } from './no-route.ts'
import { rawIndex } from './raw-path.ts'
import { rewritten } from './rewrite.ts'

const NONE: Readonly<Record<string, string>> = Object.freeze({})

/**
 * The route of what was found.
 * @param normal normal form of the path
 * @param path as it came
 */
export function routeOf({ entry, end, captures }: Candidate, normal: string, path: string): Route | NoRoute {
  const { endpoint, template, parameters, strips, rewrite } = entry
  const raw = (from: number, to: number): string => path.slice(rawIndex(normal, path, from), rawIndex(normal, path, to))
  const params =
    parameters.length === 0
      ? NONE
      : Object.fromEntries(parameters.map((name, i) => [name, raw(captures[2 * i]!, captures[2 * i + 1]!)]))
  if (rewrite !== undefined) {
    const made = rewritten(rewrite, params, raw(end, normal.length))
    const form = normalPath(made)
    if (typeof form !== 'string')
      return { reason: form.reason, detail: `Expected ${form.expected}, once it is rewritten.` }
    return { endpoint, template, params, path: made }
  }
  return { endpoint, template, params, path: strips ? raw(end, normal.length) : path }
}
