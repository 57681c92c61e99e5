import type { PermitAsker } from '../../core/index.ts'
import { Permits } from './permits.ts'

/** The permits of one process, with a bounded queue: first come, first served. */
export class OwnPermits extends Permits {
  /** In order of arrival; a set, so that leaving it is cheap. */
  readonly #queue = new Set<() => void>()

  get queued(): number {
    return this.#queue.size
  }

  enter(): boolean {
    if (this.#queue.size > 0 || this.active >= this.rules.maxConcurrent) return false
    this.active++
    return true
  }

  ask(asker: PermitAsker): () => void {
    if (this.#queue.size >= this.rules.maxQueue) {
      asker.refused()
      return () => {}
    }
    let over = false
    const turn = (): void => asker.granted()
    this.#queue.add(turn)
    return () => {
      if (over) return
      over = true
      if (!this.#queue.delete(turn)) this.release()
    }
  }

  release(): void {
    this.active--
    this.changed()
  }

  protected changed(): void {
    for (const turn of this.#queue) {
      if (this.active >= this.rules.maxConcurrent) return
      this.#queue.delete(turn)
      this.active++
      turn()
    }
  }
}
