import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http'
import type { HeaderList } from '../api/header-list.ts'
import type { Response } from '../api/reply.ts'

/** Characters of a reason phrase (RFC 9112 §4). */
const REASON = /^[\t -~\x80-\xff]*$/

/** The reason phrase to write: the response's own, or the usual one if that can't be written; clients ignore it (RFC 9112 §4). */
export function reasonOf({ status, statusText }: Pick<Response, 'status' | 'statusText'>): string {
  const usual = STATUS_CODES[status] ?? ''
  if (statusText === undefined || statusText === usual) return usual
  return REASON.test(statusText) ? statusText : usual
}

/**
 * A head as text in latin-1, for responses that Node's own writer does not send: interim ones and the switch of protocols.
 * @throws TypeError for a field that can't be on the wire
 */
export function rawHead(status: number, reason: string, headers: HeaderList): string {
  let head = `HTTP/1.1 ${status} ${reason}\r\n`
  for (const [name, value] of headers) {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    head += `${name}: ${value}\r\n`
  }
  return `${head}\r\n`
}
