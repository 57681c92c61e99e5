import { STATUS_CODES } from 'node:http'

/** What Node says of bytes that its parser refuses. */
export interface ParserError extends Error {
  readonly code?: string
  /** The bytes that were read last, and how many of them the parser took. */
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}

/** Whether an error of a connection is about what was sent on it; all others are the connection's own. */
export const isParserError = ({ code = '' }: ParserError): boolean =>
  code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT'

/**
 * The status for bytes that are no request, or none that is understood (RFC 9112 §2.2, §3). Undefined for what comes behind
 * `Connection: close`, and is not answered (§9.6).
 */
export function unparsedStatus(error: ParserError): number | undefined {
  switch (error.code) {
    case 'HPE_CLOSED_CONNECTION':
      return undefined
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408
    case 'HPE_INVALID_VERSION':
      // RFC 9110 §15.6.6. Behind PRI, which begins HTTP/2, the parser refuses what is no preface, a line end too late.
      return REQUEST_LINE.test(lineOf(error, 2)) ? 501 : 505
    case 'HPE_INVALID_METHOD':
      return REQUEST_LINE.test(lineOf(error)) ? 501 : 400 // RFC 9110 §9.1
    case 'HPE_HEADER_OVERFLOW':
      return LONG_TARGET.test(lineOf(error)) ? 414 : 431 // RFC 9112 §3
    default:
      return 400
  }
}

/** The answer to them; there is no message whose fields could say what form it should have. */
export const unparsedResponse = (status: number): string =>
  `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`

/** A request line but for its method, which nobody knows. */
const REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!-~]+ HTTP\/1\.[01]$/
/** A request line, whether it has come to its end or not; no field looks like one. */
const LONG_TARGET = /^[A-Z-]+ [!-~]+(?: HTTP\/\d\.\d)?$/

/** Within how many bytes the beginning and the end of a line are looked for. */
const LINE_BYTES = 64 * 1024

/**
 * The line in which the parser stopped, as far as it came in one piece.
 * @param back how many bytes before
 */
function lineOf({ rawPacket, bytesParsed = 0 }: ParserError, back = 0): string {
  if (rawPacket === undefined) return ''
  const at = Math.max(bytesParsed - back, 0)
  const start = at === 0 ? 0 : rawPacket.lastIndexOf('\n', at - 1) + 1
  const end = rawPacket.indexOf('\n', at)
  const line = rawPacket.toString('latin1', start, Math.min(end === -1 ? rawPacket.length : end, start + LINE_BYTES))
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
