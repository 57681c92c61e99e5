import { STATUS_CODES } from 'node:http'
import { TOKEN_SOURCE } from '../base/tokens.ts'

/** Node's error for bytes that its parser refuses. */
export interface ParserError extends Error {
  readonly code?: string
  /** The bytes that were read last. */
  readonly rawPacket?: Buffer
  /** How many of them the parser accepted. */
  readonly bytesParsed?: number
}

/** Whether an error of a connection is about the bytes that the client sent; other errors are about the connection itself. */
export const isParserError = (error: ParserError): error is ParserError & { readonly code: string } =>
  error.code?.startsWith('HPE_') === true || error.code === 'ERR_HTTP_REQUEST_TIMEOUT'

/**
 * The status for bytes that are no request, or not one that is supported (RFC 9112 §2.2, §3). Undefined for what comes after
 * `Connection: close`, or after too many requests that wait: it gets no response (§9.3.2, §9.6).
 */
export function unparsedStatus(error: ParserError): number | undefined {
  switch (error.code) {
    case 'HPE_CLOSED_CONNECTION':
    case 'HPE_CB_HEADERS_COMPLETE': // `boundQueue` has stopped
      return undefined
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408
    case 'HPE_INVALID_VERSION':
      // RFC 9110 §15.6.6. After PRI, with which HTTP/2 begins, the parser reports an invalid preface one line end too late.
      return REQUEST_LINE.test(lineOf(error, 2)) ? 501 : 505
    case 'HPE_INVALID_METHOD':
      return REQUEST_LINE.test(lineOf(error)) ? 501 : 400 // RFC 9110 §9.1
    case 'HPE_HEADER_OVERFLOW':
      return LONG_TARGET.test(lineOf(error)) ? 414 : 431 // RFC 9112 §3
    default:
      return 400
  }
}

/**
 * Why bytes are no request: another protocol by its first bytes, else the parser's code. TLS begins with a record of type
 * handshake (RFC 8446 §5.1), HTTP/2 with its preface (RFC 9113 §3.4).
 */
export function unparsedReason({ rawPacket, code }: ParserError & { readonly code: string }): string {
  if (rawPacket?.[0] === 0x16 && rawPacket[1] === 0x03) return 'tls_handshake'
  return rawPacket?.toString('latin1', 0, PREFACE.length) === PREFACE ? 'http2_preface' : code
}

const PREFACE = 'PRI * HTTP/2.0\r\n'

/** The response to such bytes. It has no body: there is no request whose fields say which form the client prefers. */
export const unparsedResponse = (status: number): string =>
  `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`

/** A request line with any method, known or not. */
const REQUEST_LINE = new RegExp(`^${TOKEN_SOURCE} [!-~]+ HTTP/1\\.[01]$`)
/** A request line, complete or not; no header field looks like one. */
const LONG_TARGET = /^[A-Z-]+ [!-~]+(?: HTTP\/\d\.\d)?$/

/** The longest part of a line that is examined. */
const LINE_BYTES = 64 * 1024

/**
 * The line in which the parser stopped, as far as it came in one packet.
 * @param back look this many bytes before that place
 */
function lineOf({ rawPacket, bytesParsed = 0 }: ParserError, back = 0): string {
  if (rawPacket === undefined) return ''
  const at = Math.max(bytesParsed - back, 0)
  const start = at === 0 ? 0 : rawPacket.lastIndexOf('\n', at - 1) + 1
  const end = rawPacket.indexOf('\n', at)
  const line = rawPacket.toString('latin1', start, Math.min(end === -1 ? rawPacket.length : end, start + LINE_BYTES))
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
