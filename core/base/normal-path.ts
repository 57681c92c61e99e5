/** Why a path has no normal form. A request with such a path gets 400, and a pattern with it is a load error. */
export interface PathFault {
  /** Reason of the reply. */
  readonly reason: 'path_traversal' | 'path_invalid'
  /** What was expected, after the word "expected". */
  readonly expected: string
}

const DOTS: PathFault = {
  reason: 'path_traversal',
  expected: 'a path without "." and ".." segments, plain or encoded',
}
const BACKSLASHES: PathFault = {
  reason: 'path_traversal',
  expected: 'a path without backslashes, plain or encoded (%5C)',
}
const CONTROLS: PathFault = {
  reason: 'path_invalid',
  expected: 'a path without control characters, plain or encoded (%00 to %1F, %7F)',
}
const PERCENT: PathFault = {
  reason: 'path_invalid',
  expected: 'a path in which two hexadecimal digits follow each % (%25 is the character itself)',
}
const NO_UTF8: PathFault = {
  reason: 'path_invalid',
  expected: 'a path whose bytes from 80 on are UTF-8 (%C3%A9 for é, not %E9)',
}

/** What may make the normal form another text, or a fault; everything else is its own normal form. */
const SPECIAL = /[^!$&-;=@-Z_a-z~]|\/\./

const BEYOND_ASCII = /[\u0080-\uffff]/

/** RFC 3986 §2.2, §2.3: characters that mean the same encoded or not, and that no server treats as a separator. */
const SAME_ENCODED = /[A-Za-z0-9\-._~!$&'()*+,=:@]/
const ENCODED: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte)
  return SAME_ENCODED.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
})
/** The normal form of a byte that is not encoded: `/` and `;` are separators then. */
const PLAIN = ENCODED.map((form, byte) => (byte === 0x2f || byte === 0x3b ? String.fromCharCode(byte) : form))

// A segment of one or two dots between separators, each plain or encoded. `;` ends a segment too: some servers remove what
// follows it (`/..;/`). In normal form a dot is never encoded.
const DOT_SEGMENT = /(?:\/|%2F)\.{1,2}(?:$|\/|;|%2F|%3B)/

/**
 * The one form in which paths are compared, or why a path has none. Two paths with equal forms are the same path to every server
 * that follows RFC 3986 (§6.2.2): a percent-encoded letter, digit or `- . _ ~ ! $ & ' ( ) * + , = : @` is that character,
 * every other byte that may not stand plainly in a path is `%XX` in upper case, and nothing is decoded twice. An encoded slash is
 * no separator (§2.2), and stays encoded; the form has the same slashes as the path.
 *
 * Dot segments, backslashes, control characters, a `%` without two digits, and bytes that are not UTF-8 have no normal form:
 * servers disagree about them. Whoever decides by the path of a request compares this form, never the path itself; what goes
 * upstream is the path as it came.
 *
 * ```ts
 * normalPath('/caf%c3%a9/%7Eann') // '/caf%C3%A9/~ann'
 * const path = normalPath(x.request.path)
 * if (typeof path !== 'string') return reply(400, path.reason)
 * ```
 * @param path as on the wire: each character is a byte
 */
export function normalPath(path: string): string | PathFault {
  return SPECIAL.test(path) ? normalised(path) : path
}

/**
 * `normalPath` of a text in Unicode, such as a pattern in a configuration: `/café` is `/caf%C3%A9`.
 *
 * @example normalPattern('/café') === normalPath('/caf%c3%a9') // true
 */
export function normalPattern(text: string): string | PathFault {
  return normalPath(BEYOND_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text)
}

function normalised(path: string): string | PathFault {
  const utf8 = new Utf8()
  let form = ''
  /** What stands before is in `form`. */
  let done = 0
  for (let i = 0; i < path.length; ) {
    const start = i
    let byte = path.charCodeAt(i++)
    const encoded = byte === 0x25
    if (encoded) {
      const high = hexDigit(path.charCodeAt(i++))
      const low = hexDigit(path.charCodeAt(i++))
      if (high === -1 || low === -1) return PERCENT
      byte = high * 16 + low
    }
    if (byte < 0x20 || byte === 0x7f) return CONTROLS
    if (byte === 0x5c) return BACKSLASHES
    if (!utf8.takes(byte)) return NO_UTF8
    const wanted = (encoded ? ENCODED : PLAIN)[byte]!
    if (wanted.length === i - start && (!encoded || wanted === path.slice(start, i))) continue
    form += path.slice(done, start) + wanted
    done = i
  }
  if (!utf8.complete) return NO_UTF8
  form = done === 0 ? path : form + path.slice(done)
  return DOT_SEGMENT.test(form) ? DOTS : form
}

/** Value of a hexadecimal digit, or -1; also for NaN, behind the end of a text. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** Checks UTF-8 byte by byte by the table of RFC 3629 §4: overlong forms and surrogates are none. */
class Utf8 {
  #left = 0
  #least = 0x80
  #most = 0xbf

  /** No character is cut off. */
  get complete(): boolean {
    return this.#left === 0
  }

  takes(byte: number): boolean {
    if (this.#left === 0) return byte < 0x80 || this.#begins(byte)
    if (byte < this.#least || byte > this.#most) return false
    this.#left--
    this.#least = 0x80
    this.#most = 0xbf
    return true
  }

  #begins(byte: number): boolean {
    if (byte < 0xc2 || byte > 0xf4) return false
    this.#left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
    if (byte === 0xe0) this.#least = 0xa0
    else if (byte === 0xf0) this.#least = 0x90
    else if (byte === 0xed) this.#most = 0x9f
    else if (byte === 0xf4) this.#most = 0x8f
    return true
  }
}
