import type { Finished } from '../api/filter.ts'
import { received } from './access-fields.ts'
import { cut, withoutQuery } from './log-text.ts'

const LONGEST_PATH = 2048
const LONGEST_FIELD = 512
/** What nginx and the table of errors write where the client left before it got a status. */
const CLIENT_GONE = 499

/**
 * A line as Apache's `common` format has it, `%h %l %u %t "%r" %>s %b`, without the query, which may have secrets. Apache's rule
 * for quotes, backslashes and control characters holds (mod_log_config, "Format Notes"). Time is that of the request's head, in UTC.
 * @param wall milliseconds since the Unix epoch, at the end of the request
 */
export function commonLine({ exchange: x, peer, status, bytesSent = 0, durationMs }: Finished, wall: number): string {
  const client = field(x?.downstream.address ?? peer)
  const caller = field(x?.identity?.subject).replaceAll(' ', '\\x20')
  const request = x && `${x.request.method} ${cut(x.request.path, LONGEST_PATH)} HTTP/${x.request.httpVersion}`
  const time = timeOf(wall - durationMs)
  return `${client} - ${caller} [${time}] ${quoted(request)} ${status === 0 ? CLIENT_GONE : status} ${bytesSent || '-'}`
}

/** The same with `"%{Referer}i" "%{User-agent}i"` behind it: Apache's `combined` format. */
export function combinedLine(finished: Finished, wall: number): string {
  const referer = received(finished.exchange, 'referer')
  const agent = received(finished.exchange, 'user-agent')
  return `${commonLine(finished, wall)} ${quoted(referer && cut(withoutQuery(referer), LONGEST_FIELD))} ${quoted(agent && cut(agent, LONGEST_FIELD))}`
}

const field = (value: string | undefined): string => (value ? escaped(cut(value, LONGEST_FIELD)) : '-')
const quoted = (value: string | undefined): string => `"${value ? escaped(value) : '-'}"`

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
const NAMED: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** `\"`, `\\`, `\n`, and `\xhh` for every other byte of UTF-8 that is not printable ASCII. */
function escaped(text: string): string {
  if (PLAIN.test(text)) return text
  return text.replace(
    /["\\]|[^\x20-\x7e]+/g,
    (run) => NAMED[run] ?? Array.from(Buffer.from(run), (byte) => namedByte(byte)).join(''),
  )
}

const namedByte = (byte: number): string =>
  NAMED[String.fromCharCode(byte)] ?? `\\x${byte.toString(16).padStart(2, '0')}`

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
let second = Number.NaN
let secondText = ''

/** `10/Oct/2000:13:55:36 +0000`: the same for all of one second. */
function timeOf(wall: number): string {
  const now = Math.floor(wall / 1000)
  if (now !== second) {
    const date = new Date(now * 1000)
    const [day, clock] = [String(date.getUTCDate()).padStart(2, '0'), date.toISOString().slice(11, 19)]
    secondText = `${day}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${clock} +0000`
    second = now
  }
  return secondText
}
