import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../../core/api/logger.ts'
import type { ConfigInputs, ConfigSource } from '../../core/control/config-source.ts'

/** Watches what a configuration was made of, and follows when that becomes something else. */
export class SourceWatch {
  readonly #source: ConfigSource
  readonly #changed: () => void
  readonly #log: Logger
  #uses: ConfigInputs | undefined
  #unwatch: (() => Promise<void>) | undefined

  /** @param changed called when something that is watched has changed */
  constructor(source: ConfigSource, changed: () => void, log: Logger) {
    this.#source = source
    this.#changed = changed
    this.#log = log
  }

  /** Watches these from now on. Never rejects: where watching fails, the former watch stays and a warning is logged. */
  async update(uses: ConfigInputs): Promise<void> {
    if (isDeepStrictEqual(uses, this.#uses)) return
    try {
      const unwatch = await this.#source.watch(uses, this.#changed)
      const before = this.#unwatch
      this.#unwatch = unwatch
      this.#uses = uses
      await before?.()
    } catch (error) {
      this.#log.warn(
        { err: error },
        "the configuration can't be watched: it is loaded again on SIGHUP and on request only",
      )
    }
  }

  async close(): Promise<void> {
    await this.#unwatch?.()
  }
}
