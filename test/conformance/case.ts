/** How binding the rule is: what an RFC requires, what it recommends, and what it allows but attackers live on. */
export type Level = 'MUST' | 'SHOULD' | 'defence'
export const LEVELS: readonly Level[] = ['MUST', 'SHOULD', 'defence']

/**
 * What is done with a connection, in order: bytes (latin-1) to write, a pause in milliseconds, text to wait for, or an end.
 * `hold`: nothing more, and the connection stays open.
 */
export type Step = string | { readonly pause: number } | { readonly until: string } | 'END' | 'RESET' | 'HOLD'

/** One field with this value; several in this order; or all, joined by a comma, match. */
export type Wanted = string | readonly string[] | RegExp

export interface FieldRules {
  /** By lower-case name. */
  readonly has?: Readonly<Record<string, Wanted>>
  /** Lower-case names. */
  readonly lacks?: readonly string[]
  /** By lower-case name: what must not be in its value. */
  readonly lacksValue?: Readonly<Record<string, string>>
}

/** A request as the upstream must have seen it. */
export interface Seen extends FieldRules {
  readonly method?: string
  readonly target?: string | RegExp
  readonly version?: string
  readonly body?: string
  readonly trailers?: FieldRules
  /** `false`: it must not look whole to the upstream. */
  readonly complete?: boolean
}

export interface Expect extends FieldRules {
  /** Of the answer, or of the answers to pipelined requests. `none`: the connection ends without one. */
  readonly status: number | 'none' | readonly number[]
  readonly statuses?: readonly number[]
  /** Statuses of the interim responses, all of them. */
  readonly interim?: readonly number[]
  readonly body?: string | RegExp
  /** Reason phrase. */
  readonly reason?: string
  readonly trailers?: FieldRules
  /** `false`: the client must be able to tell that something is missing. Default `true`. */
  readonly complete?: boolean
  /** What becomes of the client's connection: the next request on it is answered, or it ends. */
  readonly connection?: 'kept' | 'closed'
  /** Bytes that follow a 101. */
  readonly tunnel?: string
  /** Every request the upstream saw, or that it saw none that was whole. */
  readonly upstream?: readonly Seen[] | 'none whole'
  /** Whether the upstream's connection was used for the next request. */
  readonly reused?: boolean
}

/**
 * One case. `@0` in any text stands for the endpoint, `@%` for another spelling of it, `@h` for one that keeps the client's
 * `Host`; all lead to the same upstream, which sees the path as the client wrote it.
 */
export interface Case {
  readonly name: string
  /** RFC section, advisory, or page of the documentation. */
  readonly source: string
  readonly level: Level
  readonly send: string | readonly Step[]
  /** Address the client connects from. 127.0.0.9 is a trusted proxy. */
  readonly from?: string
  /** What the upstream answers, once it has the request or only its head; by default a 200 that names the request. */
  readonly answer?: string | readonly Step[]
  readonly answerOn?: 'head'
  /** One of these. */
  readonly expect: Expect | readonly Expect[]
  /** Needs something that others can't be configured to do in a line, or is no rule but a promise of the documentation. */
  readonly only?: 'weir'
}

export interface Group {
  readonly name: string
  readonly cases: readonly Case[]
}

/** A head: its lines, and the empty one. */
export const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`

export const HOST = 'Host: a.test'

/** `GET` of the plain target with further field lines. */
export const get = (...fields: readonly string[]): string => head('GET /@0/x HTTP/1.1', HOST, ...fields)

/** `POST` to it with these field lines, and these bytes behind the head. */
export const post = (fields: readonly string[], bytes: string): string =>
  head('POST /@0/x HTTP/1.1', HOST, ...fields) + bytes

export const CHUNKED = 'Transfer-Encoding: chunked'

/** Answers that say no. `none` is not among them: the client shall learn why. */
export const NO = [400, 403, 404, 405, 406, 411, 413, 414, 417, 421, 422, 426, 431, 500, 501, 502, 505] as const

/** Refused, and nothing of it reached the upstream. */
export const refused = (...status: readonly number[]): Expect => ({
  status: status.length > 0 ? status : NO,
  upstream: [],
})

/** Refused as RFC 9112 §6.3 has it where the end of the message is unknown: and the connection ends. */
export const cut = (...status: readonly number[]): Expect => ({ ...refused(...status), connection: 'closed' })

/** Passed on as one request, and the connection kept. */
export const passed = (seen: Seen = {}, rest: Partial<Expect> = {}): Expect => ({
  status: 200,
  connection: 'kept',
  upstream: [{ target: '/@0/x', ...seen }],
  ...rest,
})

/** The body that goes with `CHUNKED` where it does not matter. */
export const HELLO = '5\r\nhello\r\n0\r\n\r\n'

/** What broke off or broke the rules after its head had gone on: the upstream can't take it for whole. */
export const brokenOff: readonly Expect[] = [
  { status: NO, connection: 'closed', upstream: 'none whole' },
  { status: 'none', connection: 'closed', upstream: 'none whole' },
]

/** Text for the name of a case. */
export const shown = (text: string): string => {
  const plain = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')
  const escaped = plain.replaceAll(/[\x7f-\xff]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`)
  return escaped.length > 60 ? `${escaped.slice(0, 57)}...` : escaped
}
