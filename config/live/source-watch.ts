import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../../core/api/logger.ts'
import type { ConfigInputs, ConfigSource } from '../../core/control/config-source.ts'

/** Watches the files of a configuration, and other files once these are used instead. */
export class SourceWatch {
  readonly #source: ConfigSource
  readonly #changed: () => void
  readonly #log: Logger
  #uses: ConfigInputs | undefined
  #unwatch: (() => Promise<void>) | undefined

  /** @param changed called after a change of a watched file */
  constructor(source: ConfigSource, changed: () => void, log: Logger) {
    this.#source = source
    this.#changed = changed
    this.#log = log
  }

  /** Watches these files from now on. Never rejects: on failure the earlier watch stays, and a warning is logged. */
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
