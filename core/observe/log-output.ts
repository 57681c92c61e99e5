import type { LogDestination } from './log-destination.ts'
import type { PrettyPrinter } from './pretty-log.ts'

export type LogFormat = 'auto' | 'json' | 'pretty'

/** What the lines are written for. */
export interface Terminal {
  readonly isTTY: boolean
  /** https://no-color.org */
  readonly noColor: boolean
}

const standardOutput = (): Terminal => ({ isTTY: process.stdout.isTTY === true, noColor: !!process.env.NO_COLOR })

/**
 * The destination of all log lines. JSON passes as it is; for a terminal it is made readable here, so that what writes it knows
 * nothing of terminals, and the code that does it is only loaded where it is used.
 */
export class LogOutput implements LogDestination {
  readonly #destination: LogDestination
  readonly #terminal: Terminal
  #printer: PrettyPrinter | undefined
  #wanted: 'json' | 'pretty' = 'json'

  constructor(destination: LogDestination, terminal = standardOutput()) {
    this.#destination = destination
    this.#terminal = terminal
  }

  /**
   * Resolves when lines are written so.
   * @param isoTime whether a readable line has its date, too
   */
  async setFormat(format: LogFormat, isoTime: boolean): Promise<void> {
    const { isTTY, noColor } = this.#terminal
    this.#wanted = format === 'auto' ? (isTTY ? 'pretty' : 'json') : format
    if (this.#wanted === 'json') {
      this.#printer = undefined
      return
    }
    const { PrettyPrinter } = await import('./pretty-log.ts')
    // A reload may have asked for JSON while the module was loading.
    if (this.#wanted === 'pretty') this.#printer = new PrettyPrinter({ color: isTTY && !noColor, isoTime })
  }

  write(text: string | Buffer): boolean {
    return this.#destination.write(this.#printer === undefined ? text : this.#printer.lines(text))
  }

  flushSync(): void {
    this.#destination.flushSync()
  }

  on(event: 'drain' | 'lost', listener: (lines: number) => void): unknown {
    return this.#destination.on(event as 'lost', listener)
  }
}
