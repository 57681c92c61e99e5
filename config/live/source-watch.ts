import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../../core/api/logger.ts'
import type { ConfigWatch } from '../../core/control/config-control.ts'
import type { ConfigInputs, ConfigSource } from '../../core/control/config-source.ts'

/** Watches the files of a configuration, and other files once these are used instead. */
export class SourceWatch {
  readonly #source: ConfigSource
  readonly #changed: () => void
  readonly #log: Logger
  #uses: ConfigInputs | undefined
  #unwatch: (() => Promise<void>) | undefined
  #state: ConfigWatch = { mode: 'off', error: null }
  /** Counts watches: an earlier one may fail late. */
  #latest = 0

  /** @param changed called after a change of a watched file */
  constructor(source: ConfigSource, changed: () => void, log: Logger) {
    this.#source = source
    this.#changed = changed
    this.#log = log
  }

  get state(): ConfigWatch {
    return this.#state
  }

  /**
   * Watches these files from now on; what has failed is tried again. Never rejects: if the source can't watch, the earlier
   * watch stays. A failure is logged once, until a watch works again.
   */
  async update(uses: ConfigInputs): Promise<void> {
    if (isDeepStrictEqual(uses, this.#uses) && this.#state.error === null) return
    const number = ++this.#latest
    let failure: Error | undefined
    try {
      const unwatch = await this.#source.watch(uses, this.#changed, (error) => {
        failure = error
        if (number === this.#latest) this.#failed('polling', error)
      })
      const before = this.#unwatch
      this.#unwatch = unwatch
      this.#uses = uses
      if (failure === undefined) this.#works()
      await before?.()
    } catch (error) {
      this.#failed('off', error)
    }
  }

  async close(): Promise<void> {
    this.#latest++
    await this.#unwatch?.()
  }

  #works(): void {
    if (this.#state.error !== null) this.#log.info({}, 'the configuration is watched again')
    this.#state = { mode: 'events', error: null }
  }

  #failed(mode: 'polling' | 'off', error: unknown): void {
    const known = this.#state.error !== null
    this.#state = { mode, error: error instanceof Error ? error.message : String(error) }
    if (known) return
    const what =
      mode === 'off'
        ? 'it is loaded again on SIGHUP and on request only'
        : 'its files are compared every few seconds instead. If a limit of inotify is reached (ENOSPC, EMFILE), raise fs.inotify.max_user_watches or fs.inotify.max_user_instances, then reload'
    this.#log.warn({ err: error }, `the configuration can't be watched: ${what}`)
  }
}
