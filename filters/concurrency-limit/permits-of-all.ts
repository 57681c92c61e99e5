import type { PermitAsker, SharedPermits } from '../../core/index.ts'
import { Permits } from './permits.ts'

/** The permits of all processes of a gateway, as this one asks for them. */
export class PermitsOfAll extends Permits {
  queued = 0
  readonly #shared: SharedPermits
  readonly #pool: string

  /** @param pool names the permits in every process */
  constructor(shared: SharedPermits, pool: string) {
    super()
    this.#shared = shared
    this.#pool = pool
  }

  /** Another process has to be asked. */
  enter(): boolean {
    return false
  }

  ask(asker: PermitAsker): () => void {
    let state: 'waits' | 'has one' | 'over' = 'waits'
    this.queued++
    const leave = (): void => {
      if (state === 'waits') this.queued--
      else if (state === 'has one') this.active--
      state = 'over'
    }
    const giveBack = this.#shared.ask(this.#pool, this.rules, {
      granted: () => {
        leave()
        state = 'has one'
        this.active++
        asker.granted()
      },
      refused: () => {
        leave()
        asker.refused()
      },
    })
    return () => {
      leave()
      giveBack()
    }
  }

  /** What `enter` gives is given back: nothing. */
  release(): void {}

  /** Each question has the rules with it. */
  protected changed(): void {}
}
