import type { TooLongError } from './conditions.ts'

/** Why a request has no route. */
export interface NoRoute {
  readonly reason:
    | 'no_route'
    | 'method_not_allowed'
    | 'path_traversal'
    | 'path_invalid'
    | 'path_ambiguous'
    | 'path_too_long'
    | 'query_too_long'
    | 'field_too_long'
  readonly detail: string
  /** Of `method_not_allowed`: methods with which there is a route. */
  readonly methods?: readonly string[]
  /** Of `path_ambiguous`: a reading that leads elsewhere. Not for clients. */
  readonly reading?: string
}

/** An expression was not tried. */
export function tooLong({ part, message }: TooLongError): NoRoute {
  const reason = part === 'path' ? 'path_too_long' : part === 'query' ? 'query_too_long' : 'field_too_long'
  return { reason, detail: `An expression decides about this request, and it has a ${message}.` }
}
