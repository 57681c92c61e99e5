import type { Field } from '../wire.ts'

/** How long a message is, by its head (RFC 9112 §6.3). */
export type Extent = number | 'none' | 'chunked' | 'close'

export interface Head {
  readonly start: string
  readonly fields: readonly Field[]
}

/** What the bytes from an offset on mean. `doubts`: why a recipient may refuse it; if it doesn't, it must read just this. */
export type Scan =
  | {
      readonly kind: 'whole'
      readonly head: Head
      readonly body: string
      readonly doubts: readonly string[]
      readonly next: number
    }
  /** More must come; a recipient may find that it can't get right any more. */
  | { readonly kind: 'part'; readonly head: Head | undefined; readonly body: string }
  /** Must be refused: no standard gives it a meaning, or it has two. */
  | { readonly kind: 'bad'; readonly why: string; readonly head: Head | undefined; readonly body: string }

/** Who reads: how long a message with this head is. Throws `Bad`, or notes a doubt. */
export type Extents = (head: Head, doubt: (why: string) => void) => Extent

export class Bad extends Error {}
class Part extends Error {}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const EXTENSIONS = /^(?:;[!#$%&'*+\-.^_`|~\w]+(?:=(?:[!#$%&'*+\-.^_`|~\w]+|"\w*"))?)*$/
/** Longer than anything that is sent. */
const ENDLESS = 1e12

/** Lines of fields that are right, but that Weir is documented to refuse, or to end the connection behind. */
const REFUSED_LINES = /^(?:transfer-encoding|content-length):.*[ \t]$/i

/** Reads bytes as RFC 9112 has them, and knows where it lets a recipient be generous; shares no code with what it judges. */
class Scanner {
  readonly #text: string
  /** White space before a colon in the head is removed: in responses. */
  readonly #mends: boolean
  at: number
  readonly doubts = new Set<string>()
  head: Head | undefined
  body = ''

  constructor(text: string, at: number, mends: boolean) {
    this.#text = text
    this.#mends = mends
    this.at = at
  }

  readonly doubt = (why: string): void => void this.doubts.add(why)

  /** The next line. A bare LF may be taken for its end (RFC 9112 §2.2), a bare CR for nothing. */
  line(): string {
    const end = this.#text.indexOf('\n', this.at)
    if (end === -1) throw new Part()
    const crlf = end > this.at && this.#text[end - 1] === '\r'
    if (!crlf) this.doubt('bare LF')
    const line = this.#text.slice(this.at, crlf ? end - 1 : end)
    if (line.includes('\r')) throw new Bad('bare CR')
    this.at = end + 1
    return line
  }

  readHead(): Head {
    // RFC 9112 §2.2: at least one empty line is ignored.
    for (; /[\r\n]/.test(this.#text[this.at] ?? ''); this.at++) this.doubt('empty line')
    const start = this.line()
    const fields: Field[] = []
    for (let line = this.line(); line !== ''; line = this.line()) fields.push(this.#field(this.#mended(line)))
    this.head = { start, fields }
    return this.head
  }

  readBody(extent: Extent): void {
    if (extent === 'none') return
    if (extent === 'chunked') return this.#chunks()
    const end = extent === 'close' ? this.#text.length : this.at + extent
    this.body = this.#text.slice(this.at, end)
    if (end > this.#text.length) throw new Part()
    this.at = end
  }

  /** RFC 9112 §5.1: a proxy removes it from a response. */
  #mended(line: string): string {
    return this.#mends ? line.replace(/^([^\s:]+)[ \t]+:/, '$1:') : line
  }

  #field(line: string): Field {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    const value = line.slice(colon + 1).replaceAll(/^[ \t]+|[ \t]+$/g, '')
    if (!NAME.test(name) || !VALUE.test(value)) throw new Bad(`field line ${JSON.stringify(line.slice(0, 60))}`)
    if (REFUSED_LINES.test(line)) this.doubt('white space behind a framing')
    return [name, value]
  }

  #chunks(): void {
    for (;;) {
      const size = this.#size()
      const end = this.at + size
      this.body += this.#text.slice(this.at, end)
      if (end > this.#text.length) throw new Part()
      this.at = end
      if (size === 0) return this.#trailers()
      const behind = this.#text.slice(end, end + 2)
      if (behind === '' || behind === '\r') throw new Part()
      if (behind !== '\r\n' && behind[0] !== '\n') throw new Bad('no CRLF behind a chunk')
      this.line()
    }
  }

  #size(): number {
    const from = this.at
    const line = this.line()
    const [, hex, rest] = /^([0-9A-Fa-f]*)(.*)$/s.exec(line)!
    if (hex === '') throw new Bad('no chunk size')
    const bare = this.#text[from + line.length] === '\n'
    // For one reader the extension ends here, and for another it goes on.
    if (rest !== '' && bare) throw new Bad('LF in an extension')
    if (!EXTENSIONS.test(rest!)) {
      if (!/^[ \t]*(?:;|$)/.test(rest!)) throw new Bad('chunk size')
      this.doubt('odd extension')
    }
    const size = Number.parseInt(hex!, 16)
    return Math.min(size, ENDLESS)
  }

  /** They are dropped; but a recipient may look at fields that have no place here, and not want them. */
  #trailers(): void {
    for (let line = this.line(); line !== ''; line = this.line()) {
      const [name] = this.#field(line)
      if (/^(?:content-length|transfer-encoding|connection|upgrade|proxy-connection)$/i.test(name))
        this.doubt('framing in a trailer')
    }
  }
}

/** @param mends white space before a colon in the head is to be removed */
export function scan(text: string, at: number, extents: Extents, mends = false): Scan {
  const scanner = new Scanner(text, at, mends)
  try {
    const head = scanner.readHead()
    scanner.readBody(extents(head, scanner.doubt))
    return { kind: 'whole', head, body: scanner.body, doubts: [...scanner.doubts], next: scanner.at }
  } catch (error) {
    const { head, body } = scanner
    if (error instanceof Part) return { kind: 'part', head, body }
    if (error instanceof Bad) return { kind: 'bad', why: error.message, head, body }
    throw error
  }
}

/** The one length that the fields give; whatever has two meanings has none (RFC 9112 §6.3, §11.2). */
export function declared({ fields }: Head, old: boolean): number | 'chunked' | undefined {
  const all = (lower: string): string[] =>
    fields.flatMap(([name, value]) => (name.toLowerCase() === lower ? [value] : []))
  const codings = all('transfer-encoding')
  const lengths = all('content-length')
  if (codings.length > 0) {
    if (old) throw new Bad('Transfer-Encoding in HTTP/1.0')
    if (codings.length > 1 || codings[0]!.toLowerCase() !== 'chunked') throw new Bad('coding')
    if (lengths.length > 0) throw new Bad('two framings')
    return 'chunked'
  }
  if (lengths.length === 0) return undefined
  if (lengths.length > 1 || !/^\d+$/.test(lengths[0]!)) throw new Bad('Content-Length')
  return Number(lengths[0])
}
