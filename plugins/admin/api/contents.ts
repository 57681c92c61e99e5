import { type LocalReply, reply } from '../../../core/index.ts'
import type { Content } from './api-operation.ts'

/** Fields of every response: what it shows is of this moment, and of the type that it says. */
export const COMMON_FIELDS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const

export const text = (status: number, data: string): Content => ({ status, type: 'text/plain; charset=utf-8', data })

export const json = (status: number, value: unknown, more: Partial<Content> = {}): Content => ({
  status,
  type: 'application/json',
  data: `${JSON.stringify(value, null, 2)}\n`,
  ...more,
})

/** One thing that is wrong with a request. */
export interface Fault {
  readonly detail: string
  /** JSON Pointer (RFC 6901) into the body. */
  readonly pointer?: string
  /** Name in the query. */
  readonly parameter?: string
}

/** A problem document (RFC 9457). */
export function problem(
  status: number,
  code: string,
  detail: string,
  more: {
    readonly headers?: Readonly<Record<string, string>>
    readonly extra?: Readonly<Record<string, unknown>>
  } = {},
): LocalReply {
  return reply(status, code, {
    detail,
    headers: { 'Cache-Control': 'no-store', ...more.headers },
    ...(more.extra === undefined ? {} : { extra: more.extra }),
  })
}

export const noEndpoint = (id: string): LocalReply =>
  problem(404, 'endpoint_not_found', `There is no endpoint ${JSON.stringify(id.slice(0, 200))}.`)

/** A path within a value as a JSON Pointer. */
export const pointerTo = (path: readonly PropertyKey[]): string =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
