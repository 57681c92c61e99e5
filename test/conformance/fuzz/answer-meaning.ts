import type { Field } from '../wire.ts'
import { nominated, RESPONSE_HOP, tokensOf, valuesOf } from './meaning.ts'
import { Bad, declared, type Extents, type Head, type Scan, scan } from './scan.ts'

/** What the upstream's connection came to behind the bytes. */
export type End = 'HOLD' | 'END' | 'RESET'

/** An answer that an upstream meant, as the client must get it. */
export interface AnswerMeant {
  readonly status: number
  readonly reason: string
  readonly fields: readonly Field[]
}

export interface AnswerMeaning {
  /** Undefined: there is no head that means something. */
  readonly head: AnswerMeant | undefined
  /** Statuses of interim responses before it. */
  readonly interim: readonly number[]
  /** As far as it came. */
  readonly body: string
  readonly whole: boolean
  /** Why the gateway may refuse it all the same. */
  readonly doubts: readonly string[]
  /** The upstream's connection must not be used again. */
  readonly spent: boolean
  /** The answer is not over before the connection is. */
  readonly needsEnd: boolean
  /** Weir is known to fall short of it. */
  readonly beyondJudgement: boolean
}

const CODED_1_0 = 'Transfer-Encoding in HTTP/1.0'
const STATUS_LINE = /^(HTTP\/\d\.\d|RTSP\/1\.0|ICE\/1\.0) (\d{3})(?: (.*))?$/

function statusLine(start: string): { version: string; status: number; reason: string | undefined } {
  const [, version, status, reason] = STATUS_LINE.exec(start) ?? []
  const control = /[^\t\x20-\x7e\x80-\xff]/.test(reason ?? '')
  // That of an interim response is dropped with it.
  if (version === undefined || (control && Number(status) >= 200)) throw new Bad('status line')
  return { version, status: Number(status), reason }
}

const extentsFor =
  (method: string): Extents =>
  (head, doubt) => {
    const { version, status, reason } = statusLine(head.start)
    // RFC 9112 §4: the space is there even if the reason is not.
    if (reason === undefined) doubt('no space behind the status')
    if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') doubt('another version')
    if (status < 100 || status > 599) doubt('status')
    if (status === 101) throw new Bad('a switch that nobody asked for')
    // Weir takes it for an error: docs/reference/http.md.
    if (status === 100) doubt('100')
    // The parser takes the connection for over, in HTTP/1.0 always, and refuses the answer itself: docs/reference/http.md.
    const options = [...tokensOf(head, 'connection'), ...tokensOf(head, 'proxy-connection')]
    if (status < 200 && (options.includes('close') || version === 'HTTP/1.0')) doubt('close before the answer')
    const lengths = valuesOf(head, 'content-length')
    // RFC 9112 §6.3: the same one several times may count as one.
    const same = new Set(lengths.flatMap((value) => value.split(/[ \t]*,[ \t]*/))).size === 1
    if (lengths.length > 0 && same && lengths.join() !== lengths[0]?.split(/[ \t]*,/)[0]) doubt('the same length twice')
    if (lengths.some((length) => length.length > 15)) doubt('a length that nobody can count')
    const one = same ? [['Content-Length', lengths[0]!.split(/[ \t]*,/)[0]!] as const] : []
    const rest = same ? head.fields.filter(([name]) => name.toLowerCase() !== 'content-length') : head.fields
    const framing = { start: head.start, fields: [...rest, ...one] }
    // RFC 9112 §6.1: faulty, whoever reads it at all closes the connection behind it.
    if (version === 'HTTP/1.0' && valuesOf(head, 'transfer-encoding').length > 0) doubt(CODED_1_0)
    const bodiless = status < 200 || status === 204 || status === 304
    if (!bodiless && method !== 'HEAD') return declared(framing, false) ?? 'close'
    if (lengthsOf(framing) && status !== 304 && method !== 'HEAD') doubt('a length where there is no body')
    try {
      declared(framing, false)
    } catch {
      doubt('a framing that would be bad')
    }
    return 'none'
  }

const lengthsOf = (head: Head): boolean =>
  valuesOf(head, 'content-length').length + valuesOf(head, 'transfer-encoding').length > 0

/** @param method of the request that is answered */
export function answerMeaning(bytes: string, method: string, end: End): AnswerMeaning {
  const doubts: string[] = []
  const interim: number[] = []
  const extents = extentsFor(method)
  for (let at = 0; ; ) {
    const read = scan(bytes, at, extents, true)
    if (read.kind === 'whole') doubts.push(...read.doubts)
    const status = read.kind === 'whole' ? statusLine(read.head.start).status : 0
    if (read.kind !== 'whole' || status >= 200) return { ...meaning(read, bytes, doubts, end, extents), interim }
    interim.push(status)
    at = read.next
  }
}

function meaning(
  read: Scan,
  bytes: string,
  doubts: string[],
  end: End,
  extents: Extents,
): Omit<AnswerMeaning, 'interim'> {
  const { head, body } = read
  const meant = head && meantBy(head, extents)
  const byEnd = meant !== undefined && extents(head!, () => {}) === 'close'
  const whole = read.kind === 'whole' && (!byEnd || end === 'END')
  // A reset may overtake what was sent before it.
  if (end === 'RESET') doubts.push('reset')
  // Empty lines are skipped: docs/reference/http.md.
  const behind = read.kind === 'whole' && /[^\r\n]/.test(bytes.slice(read.next))
  if (behind) doubts.push('bytes behind it')
  const options = head === undefined ? [] : tokensOf(head, 'connection')
  const others = head === undefined ? [] : tokensOf(head, 'proxy-connection')
  // `close` beside `keep-alive` is not heeded in HTTP/1.0: docs/reference/http.md.
  const closes = options.includes('close') && ![...options, ...others].includes('keep-alive')
  return {
    head: meant,
    body,
    whole,
    doubts,
    spent: !whole || doubts.includes(CODED_1_0) || byEnd || closes || behind || end !== 'HOLD',
    // Known, and in docs/reference/http.md: the parser closes what undici keeps; two CRs end a status line.
    beyondJudgement: others.includes('close') || /^\S+ \d\d\d [^\r\n]*\r\r/m.test(bytes),
    needsEnd: read.kind !== 'whole' || byEnd,
  }
}

function meantBy(head: Head, extents: Extents): AnswerMeant | undefined {
  try {
    extents(head, () => {})
  } catch {
    return undefined
  }
  const named = nominated(head)
  const { status, reason = '' } = statusLine(head.start)
  const fields = head.fields.filter(([name]) => !RESPONSE_HOP.has(name.toLowerCase()) && !named.has(name.toLowerCase()))
  return status < 200 ? undefined : { status, reason, fields }
}
