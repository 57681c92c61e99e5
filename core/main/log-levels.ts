import type { LogLevel, LogStatus } from '../control/log-control.ts'

/** The levels of a log, from the most talkative to none. */
export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** The level of this process's log: what the configuration says, until another one is chosen by hand. */
export class LogLevels {
  /** Undefined: no configuration runs yet. */
  #configured: LogLevel | undefined
  #chosen: LogLevel | undefined
  #apply: (level: LogLevel) => void = () => {}

  get status(): LogStatus {
    const configured = this.#configured ?? 'info'
    return { level: this.#chosen ?? configured, configured }
  }

  /** The one that was chosen by hand; undefined: that of the configuration counts. */
  get chosen(): LogLevel | undefined {
    return this.#chosen
  }

  /**
   * A configuration runs. If its level is another than before, it counts again.
   * @param apply makes a level that of the log, now and whenever another one is chosen
   */
  configure(level: LogLevel, apply: (level: LogLevel) => void): void {
    // A worker that starts later is told of the choice before it has a configuration.
    if (this.#configured !== undefined && level !== this.#configured) this.#chosen = undefined
    this.#configured = level
    this.#apply = apply
    apply(this.status.level)
  }

  choose(level: LogLevel): void {
    this.#chosen = level
    this.#apply(level)
  }
}
