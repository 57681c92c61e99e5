import { STATUS_CODES } from 'node:http'
import { Body } from '../api/body.ts'
import type { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import { HeaderList } from '../api/header-list.ts'
import { HookError } from '../api/hook-error.ts'
import type { LocalReply, Response } from '../api/reply.ts'
import { errorReply, filterFailure } from './error-reply.ts'
import { problemDocument } from './problem-document.ts'

/** The longest path that a problem document repeats. */
const INSTANCE_LENGTH = 2048

/**
 * Turns a local reply into a response. An error without a body of its own becomes a problem document (RFC 9457).
 * @param from the filter that returned the reply, if the reply itself does not name one
 */
export function renderReply(x: Exchange, reply: LocalReply, from = 'engine'): Response {
  const { options, status, reason } = reply
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new TypeError(`a reply has a status from 200 to 599, found ${String(status)}`)
  if (typeof reason !== 'string') throw new TypeError('a reply has a reason, such as "token_expired"')
  const headers = HeaderList.of(options.headers ?? {})
  const local = { filter: reply.filter ?? from, reason }
  if (options.body !== undefined || status < 400) {
    const body = options.body === undefined ? Body.empty() : Body.of(options.body)
    if (status !== 204 && status !== 304) headers.set('Content-Length', String(body.length))
    return { status, statusText: undefined, headers, body, local }
  }
  const members = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: options.detail,
    instance: x.request.path.slice(0, INSTANCE_LENGTH),
    code: reason,
    ...options.extra,
    toJSON: undefined, // `extra` must not decide how the document is written
    request_id: x.requestId,
    trace_id: x.traceId,
  }
  const { type, text } = problemDocument(members, x.request.headers.joined('accept'))
  const body = Body.of(text)
  headers.set('Content-Type', type)
  headers.set('Content-Length', String(body.length))
  headers.add('X-Content-Type-Options', 'nosniff')
  return { status, statusText: undefined, headers, body, local }
}

/** The response for an exchange that ended in an error. */
export const errorResponse = (x: Exchange, error: WeirError): Response =>
  renderReply(x, error instanceof HookError ? filterFailure(error) : errorReply(error, 'engine'))
