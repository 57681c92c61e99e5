import type { ChangeOutcome, ChangeRefusal, ConfigProblem, LocalReply } from '../../../core/index.ts'
import type { Call } from './api-operation.ts'
import { problem } from './contents.ts'
import { preconditionFailed } from './entity-tags.ts'

/** What each refusal of a change is in HTTP: the only place that says so. */
export const REFUSALS: Readonly<
  Record<ChangeRefusal, { readonly status: number; readonly code: string; readonly detail: string }>
> = {
  invalid: { status: 422, code: 'change_invalid', detail: 'The configuration would not load with this change.' },
  not_found: { status: 404, code: 'endpoint_not_found', detail: 'There is no such endpoint.' },
  exists: { status: 409, code: 'endpoint_exists', detail: 'There is an endpoint with this id already.' },
  conflict: { status: 409, code: 'change_conflict', detail: 'Others keep changing the configuration: try again.' },
  not_loaded: {
    status: 409,
    code: 'config_not_loaded',
    detail: 'The documents do not load as they are now: correct them first.',
  },
  not_writable: { status: 409, code: 'config_not_writable', detail: 'The document cannot be written, or not edited.' },
  off: { status: 403, code: 'changes_off', detail: 'The configuration says `changes: off`.' },
  stopping: { status: 503, code: 'stopping', detail: 'Weir is stopping: endpoints are not changed any more.' },
}

/**
 * The problem document of a refused change.
 * @param place of the entry in the list of endpoints: problems below it have a pointer into the body
 */
export function refusedChange(
  { reason = 'invalid', problems, version }: ChangeOutcome,
  only: Call['only'],
  place?: number,
): LocalReply {
  if (reason === 'conflict' && only.ifVersion !== undefined)
    return preconditionFailed(`The configuration has version ${version} now: read it again.`)
  const { status, code, detail } = REFUSALS[reason]
  const [first] = problems
  return problem(status, code, problems.length === 1 && first !== undefined ? `${detail} ${first.message}` : detail, {
    ...(status === 503 ? { headers: { 'Retry-After': '1' } } : {}),
    extra: { version, errors: problems.map((one) => faultOf(one, place)) },
  })
}

/** A problem of the configuration as an entry of `errors`. */
export function faultOf({ message, ...where }: ConfigProblem, place?: number): Readonly<Record<string, unknown>> {
  const pointer = pointerOf(where.path, place)
  return { detail: message, ...(pointer === undefined ? {} : { pointer }), ...where }
}

/** `endpoints[3].filters.cors` as a pointer into the entry, if that is the third; paths without `endpoints` are within the entry. */
function pointerOf(path: string, place: number | undefined): string | undefined {
  if (place === undefined || path === '') return undefined
  const [, index, below] = /^endpoints\[(\d+)\]\.?(.*)$/s.exec(path) ?? []
  if (index !== undefined && Number(index) !== place) return undefined
  const steps = (below ?? path).match(/[^.[\]"]+/g) ?? []
  return steps.map((step) => `/${step}`).join('')
}
