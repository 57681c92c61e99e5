import { type Deadline, startTimer } from '../base/timer.ts'
import type { PermitAsker, PermitRules, SharedPermits } from '../state/shared-permits.ts'
import type { PermitAnswers, PermitAsk, PermitBatch } from './messages.ts'

/** A primary that has not taken a batch for this long hangs, and the worker decides alone; milliseconds. */
const HANGS_MS = 250

/** The primary is asked again after this time if its channel is full; milliseconds. */
const AGAIN_MS = 100

interface Asked {
  readonly pool: string
  readonly rules: PermitRules
  readonly asker: PermitAsker
  isGranted: boolean
}

/**
 * The permits of all workers, as one of them asks for them. What is asked and given back in one turn of the event loop, or while the
 * primary has not taken the batch before, is one batch. So a slow primary is asked in larger batches, and not more often.
 *
 * While the primary hangs, and after it has ended, this worker gives out its part of the permits by itself.
 */
export class WorkerPermits implements SharedPermits {
  readonly #send: (batch: PermitBatch) => boolean
  readonly #workers: number
  /** By id, in order of arrival. */
  readonly #asked = new Map<number, Asked>()
  /** How many have a permit, by pool. */
  readonly #active = new Map<string, number>()
  #next = 0
  /** What the primary has not been told yet. */
  readonly #asks = new Map<number, PermitAsk>()
  #left: number[] = []
  #planned = false
  #underWay: Deadline | undefined
  #alone = false
  #deciding = false
  #closed = false

  /**
   * @param send false: it can't be sent
   * @param workers how many share the permits
   */
  constructor(send: (batch: PermitBatch) => boolean, workers: number) {
    this.#send = send
    this.#workers = workers
  }

  ask(pool: string, rules: PermitRules, asker: PermitAsker): () => void {
    const id = this.#next++
    this.#asked.set(id, { pool, rules, asker, isGranted: false })
    if (!this.#closed) this.#asks.set(id, [id, pool, rules.maxConcurrent, rules.maxQueue])
    this.#plan()
    this.#decideSoon()
    return () => this.#release(id)
  }

  /** What the primary says. */
  take({ granted, refused, taken }: PermitAnswers): void {
    for (const id of granted) this.#grant(id)
    for (const id of refused) this.#refuse(id)
    if (!taken) return
    this.#underWay?.cancel()
    this.#underWay = undefined
    this.#alone = false
    this.#plan()
  }

  /** The primary is gone. */
  closed(): void {
    this.#closed = true
    this.#underWay?.cancel()
    this.#asks.clear()
    this.#left = []
    this.#goAlone()
  }

  #plan(): void {
    if (this.#planned || this.#underWay !== undefined || this.#closed) return
    if (this.#asks.size === 0 && this.#left.length === 0) return
    this.#planned = true
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    this.#planned = false
    if (this.#closed) return
    if (!this.#send({ asked: [...this.#asks.values()], left: this.#left })) {
      this.#underWay = startTimer(AGAIN_MS, () => {
        this.#underWay = undefined
        this.#plan()
      })
      return this.#goAlone()
    }
    this.#asks.clear()
    this.#left = []
    this.#underWay = startTimer(HANGS_MS, () => this.#goAlone())
  }

  #release(id: number): void {
    const asked = this.#asked.get(id)
    if (asked === undefined) return
    this.#forget(id)
    this.#plan()
    if (!asked.isGranted) return
    const active = this.#active.get(asked.pool)! - 1
    if (active > 0) this.#active.set(asked.pool, active)
    else this.#active.delete(asked.pool)
    this.#decideSoon()
  }

  /** The primary need not hear of what it has not heard of. */
  #forget(id: number): void {
    this.#asked.delete(id)
    if (!this.#asks.delete(id) && !this.#closed) this.#left.push(id)
  }

  #goAlone(): void {
    this.#alone = true
    this.#decideSoon()
  }

  #decideSoon(): void {
    if (!this.#alone || this.#deciding) return
    this.#deciding = true
    setImmediate(() => this.#decide())
  }

  /** Decides without the primary, in order of arrival. */
  #decide(): void {
    this.#deciding = false
    const waiting = new Map<string, number>()
    for (const [id, { pool, rules, asker, isGranted }] of this.#alone ? this.#asked : []) {
      if (isGranted) continue
      const before = waiting.get(pool) ?? 0
      if ((this.#active.get(pool) ?? 0) < Math.ceil(rules.maxConcurrent / this.#workers)) this.#grant(id)
      else if (before < rules.maxQueue) waiting.set(pool, before + 1)
      else {
        this.#forget(id)
        asker.refused()
      }
    }
    this.#plan()
  }

  #grant(id: number): void {
    const asked = this.#asked.get(id)
    if (asked === undefined || asked.isGranted) return
    asked.isGranted = true
    this.#active.set(asked.pool, (this.#active.get(asked.pool) ?? 0) + 1)
    asked.asker.granted()
  }

  #refuse(id: number): void {
    const asked = this.#asked.get(id)
    if (asked === undefined || asked.isGranted) return
    this.#asked.delete(id)
    asked.asker.refused()
  }
}
