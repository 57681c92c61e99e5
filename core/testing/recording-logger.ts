import type { Logger } from '../api/logger.ts'

/** One line of a log. */
export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Those of the line and of the loggers that it passed: `env.log` adds `filter`. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A logger that records its lines, and those of its children, in `lines`. */
export class RecordingLogger implements Logger {
  readonly lines: LoggedLine[]
  readonly #fields: object
  readonly #each: ((line: LoggedLine) => void) | undefined

  /** @param each is called for every line */
  constructor(lines: LoggedLine[] = [], fields: object = {}, each?: (line: LoggedLine) => void) {
    this.lines = lines
    this.#fields = fields
    this.#each = each
  }

  debug(fields: object, message: string): void {
    this.#write('debug', fields, message)
  }

  info(fields: object, message: string): void {
    this.#write('info', fields, message)
  }

  warn(fields: object, message: string): void {
    this.#write('warn', fields, message)
  }

  error(fields: object, message: string): void {
    this.#write('error', fields, message)
  }

  child(fields: object): RecordingLogger {
    return new RecordingLogger(this.lines, { ...this.#fields, ...fields }, this.#each)
  }

  #write(level: LoggedLine['level'], fields: object, message: string): void {
    const line = { level, fields: { ...this.#fields, ...fields }, message }
    this.lines.push(line)
    this.#each?.(line)
  }
}
