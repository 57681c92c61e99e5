import { LEVEL_NAMES } from './log-style.ts'

type Fields = Readonly<Record<string, unknown>>

const RED = 31
const YELLOW = 33
const CYAN = 36
const DIM = 2
const COLORS: Readonly<Record<string, number>> = { warn: YELLOW, error: RED, fatal: RED, info: CYAN }

/** Fields of an access line that are shown, behind the request and its status. */
const ACCESS = ['endpoint', 'target', 'attempts', 'reason', 'error', 'cause', 'caller', 'client', 'request_id']

/** JSON lines of the log as a person at a terminal reads them: time, level, message, fields; stacks on lines of their own. */
export class PrettyPrinter {
  readonly #color: boolean
  readonly #isoTime: boolean

  constructor({ color, isoTime }: { readonly color: boolean; readonly isoTime: boolean }) {
    this.#color = color
    this.#isoTime = isoTime
  }

  /** @param text whole lines; those that are no JSON stay as they are */
  lines(text: string | Buffer): string {
    return text
      .toString()
      .split('\n')
      .map((line) => (line.startsWith('{') ? this.#line(line) : line))
      .join('\n')
  }

  #line(line: string): string {
    let fields: Fields
    try {
      fields = JSON.parse(line) as Fields
    } catch {
      return line
    }
    const { level, time, msg, err, ...rest } = fields
    const name = typeof level === 'number' ? (LEVEL_NAMES[level] ?? String(level)) : String(level)
    const label = this.#paint(COLORS[name] ?? DIM, name.toUpperCase().padEnd(5))
    const head = `${this.#paint(DIM, this.#time(time))} ${label} `
    if (msg === 'access' && 'duration_ms' in rest) return head + this.#access(rest)
    return `${head}${plain(String(msg ?? ''))}${this.#fields(rest)}${stackOf(err)}`
  }

  #access({ method = '-', path = '-', status, duration_ms, ...rest }: Fields): string {
    const fields = Object.fromEntries(
      ACCESS.filter((key) => key in rest && !(key === 'attempts' && rest[key] === 1)).map((key) => [key, rest[key]]),
    )
    const code = Number(status)
    const color = code >= 500 ? RED : code >= 400 ? YELLOW : CYAN
    const result = `${this.#paint(color, plain(String(status)))} ${plain(String(duration_ms))} ms`
    return `${plain(String(method))} ${plain(String(path))} ${result}${this.#fields(fields)}`
  }

  #fields(fields: Fields): string {
    const text = Object.entries(fields).map(([key, value]) => `${plain(key)}=${shown(value)}`)
    return text.length === 0 ? '' : `  ${this.#paint(DIM, text.join(' '))}`
  }

  #time(time: unknown): string {
    const date = new Date(time as number | string)
    if (Number.isNaN(date.getTime())) return '-'
    if (this.#isoTime) return date.toISOString()
    const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) =>
      String(part).padStart(2, '0'),
    )
    return `${hours}:${minutes}:${seconds}.${String(date.getMilliseconds()).padStart(3, '0')}`
  }

  #paint(code: number, text: string): string {
    return this.#color ? `\x1b[${code}m${text}\x1b[0m` : text
  }
}

/** What a terminal would execute, or show in another order. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A text that does nothing to the terminal. */
const plain = (text: string): string =>
  text.replace(CONTROL, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`)

const shown = (value: unknown): string =>
  plain(typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value))

/** The stack of an error, indented; without one, all that is known of it. */
function stackOf(error: unknown): string {
  if (error === undefined) return ''
  const stack = (error as { stack?: unknown } | null)?.stack
  const lines = typeof stack === 'string' && stack !== '' ? stack.split('\n') : [JSON.stringify(error)]
  return lines.map((line) => `\n    ${plain(line)}`).join('')
}
