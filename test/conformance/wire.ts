/** One field line: name as it was written, value without the white space around it. Latin-1, as everywhere here. */
export type Field = readonly [name: string, value: string]

/** A message as a reader sees it that takes nothing but what RFC 9112 lets a sender write. */
export interface Message {
  readonly start: string
  readonly fields: readonly Field[]
  readonly body: string
  readonly trailers: readonly Field[]
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
  /** False while bytes are missing that its head promised (RFC 9112 §8). */
  readonly complete: boolean
}

export type Reading =
  | { readonly kind: 'whole'; readonly message: Message; readonly next: number }
  /** The message is there once its head is. */
  | { readonly kind: 'part'; readonly message: Message | undefined }
  | { readonly kind: 'broken'; readonly why: string }

export type Ending = 'open' | 'end' | 'reset'

const TOKEN_SOURCE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [\x21-\x7e\x80-\xff]+ HTTP\/1\.[01]$/
const STATUS_LINE = /^HTTP\/1\.[01] [1-9]\d\d [\t\x20-\x7e\x80-\xff]*$/
const CHUNK_LINE = /^([0-9A-Fa-f]{1,12})(?:[ \t]*;.*)?$/

/** All values of a field, in order. */
export const valuesOf = (fields: readonly Field[], lower: string): string[] =>
  fields.filter(([name]) => name.toLowerCase() === lower).map(([, value]) => value)

export const statusOf = (message: Message): number => Number(message.start.slice(9, 12))

class Broken extends Error {}

/** The request that begins at an offset. */
export function readRequest(text: string, from: number): Reading {
  return reading(() => {
    const head = readHead(text, from)
    if (head === undefined) return { kind: 'part', message: undefined }
    if (!REQUEST_LINE.test(head.start)) throw new Broken(`request line ${JSON.stringify(head.start.slice(0, 80))}`)
    const length = lengthOf(head.fields)
    if (length === 'chunked' && head.start.endsWith('1.0')) throw new Broken('Transfer-Encoding in HTTP/1.0')
    return readBody(text, head, length ?? 'none', 'open')
  })
}

/**
 * The response that begins at an offset.
 * @param method of its request
 * @param ended what the connection came to behind the text
 */
export function readResponse(text: string, from: number, method: string, ended: Ending): Reading {
  return reading(() => {
    const head = readHead(text, from)
    if (head === undefined) return { kind: 'part', message: undefined }
    if (!STATUS_LINE.test(head.start)) throw new Broken(`status line ${JSON.stringify(head.start.slice(0, 80))}`)
    const status = Number(head.start.slice(9, 12))
    const length = lengthOf(head.fields)
    // RFC 9112 §6.3
    const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304
    if (length !== undefined && (status < 200 || status === 204)) throw new Broken(`${status} with a length`)
    return readBody(text, head, bodiless ? 'none' : (length ?? 'close'), ended)
  })
}

function reading(read: () => Reading): Reading {
  try {
    return read()
  } catch (error) {
    if (error instanceof Broken) return { kind: 'broken', why: error.message }
    throw error
  }
}

interface Head {
  readonly start: string
  readonly fields: Field[]
  readonly next: number
}

function readHead(text: string, from: number): Head | undefined {
  const end = text.indexOf('\r\n\r\n', from)
  if (end === -1) return undefined
  const [start = '', ...lines] = text.slice(from, end).split('\r\n')
  return { start, fields: lines.map(readField), next: end + 4 }
}

function readField(line: string): Field {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(colon, 0))
  const value = line.slice(colon + 1).replaceAll(/^[ \t]+|[ \t]+$/g, '')
  if (!TOKEN_SOURCE.test(name) || !VALUE.test(value))
    throw new Broken(`field line ${JSON.stringify(line.slice(0, 80))}`)
  return [name, value]
}

/** The length that the fields declare; whatever two readers could understand in two ways is broken. */
function lengthOf(fields: readonly Field[]): number | 'chunked' | undefined {
  const coding = valuesOf(fields, 'transfer-encoding')
  const length = valuesOf(fields, 'content-length')
  if (coding.length > 0) {
    if (coding.length > 1 || coding[0]!.toLowerCase() !== 'chunked')
      throw new Broken(`Transfer-Encoding: ${coding.join(' | ')}`)
    if (length.length > 0) throw new Broken('Transfer-Encoding and Content-Length')
    return 'chunked'
  }
  if (length.length === 0) return undefined
  if (length.length > 1 || !/^\d{1,18}$/.test(length[0]!)) throw new Broken(`Content-Length: ${length.join(' | ')}`)
  return Number(length[0])
}

function readBody(text: string, head: Head, length: number | 'none' | 'chunked' | 'close', ended: Ending): Reading {
  const { start, fields, next } = head
  if (length === 'chunked') return readChunked(text, head)
  if (length === 'none') {
    const message: Message = { start, fields, body: '', trailers: [], framing: 'none', complete: true }
    return { kind: 'whole', message, next }
  }
  const end = length === 'close' ? text.length : Math.min(next + length, text.length)
  const complete = length === 'close' ? ended === 'end' : end === next + length
  const framing = length === 'close' ? 'close' : 'length'
  const message: Message = { start, fields, body: text.slice(next, end), trailers: [], framing, complete }
  return complete ? { kind: 'whole', message, next: end } : { kind: 'part', message }
}

function readChunked(text: string, { start, fields, next }: Head): Reading {
  let body = ''
  const message = (complete: boolean, trailers: Field[] = []): Message => ({
    start,
    fields,
    body,
    trailers,
    framing: 'chunked',
    complete,
  })
  for (let at = next; ; ) {
    const eol = text.indexOf('\r\n', at)
    if (eol === -1) return { kind: 'part', message: message(false) }
    const size = CHUNK_LINE.exec(text.slice(at, eol))?.[1]
    if (size === undefined) throw new Broken(`chunk ${JSON.stringify(text.slice(at, eol).slice(0, 80))}`)
    const from = eol + 2
    const to = from + Number.parseInt(size, 16)
    if (to === from) {
      if (text.startsWith('\r\n', from)) return { kind: 'whole', message: message(true), next: from + 2 }
      const end = text.indexOf('\r\n\r\n', from)
      if (end === -1) return { kind: 'part', message: message(false) }
      const trailers = text.slice(from, end).split('\r\n').map(readField)
      return { kind: 'whole', message: message(true, trailers), next: end + 4 }
    }
    body += text.slice(from, to)
    if (text.length < to + 2) return { kind: 'part', message: message(false) }
    if (!text.startsWith('\r\n', to)) throw new Broken('no CRLF behind a chunk')
    at = to + 2
  }
}
