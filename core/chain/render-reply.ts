import { STATUS_CODES } from 'node:http'
import { Body } from '../api/body.ts'
import type { Exchange } from '../api/exchange.ts'
import { HeaderList } from '../api/header-list.ts'
import type { LocalReply, Response } from '../api/reply.ts'
import { problemDocument } from './problem-document.ts'

/** The longest path that a problem document repeats. */
const INSTANCE_LENGTH = 2048

/**
 * Turns a local reply into a response. An error without a body of its own becomes a problem document (RFC 9457).
 * @param from the filter that returned the reply, if the reply itself does not name one
 */
export function renderReply(x: Exchange, reply: LocalReply, from = 'engine'): Response {
  const { options, status, reason } = reply
  const headers = HeaderList.of(options.headers ?? {})
  const local = { filter: reply.filter ?? from, reason }
  if (options.body !== undefined || status < 400) {
    const body = options.body === undefined ? Body.empty() : Body.of(options.body)
    if (status >= 200 && status !== 204 && status !== 304) headers.set('Content-Length', String(body.length))
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
