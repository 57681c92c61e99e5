import type { Clock, Revocation } from '../../core/index.ts'
import { isOver, type Lasting, lasting } from './lasting.ts'

/** Revoked access tokens at one time. */
const MOST = 100_000
/** Looking at all of them takes milliseconds: not for every request that finds no room. */
const FORGET_MS = 1000

interface Revoked {
  readonly subject: string
  keep: Lasting
}

/** Access tokens that were revoked, by `jti`. Bounded; none is forgotten before its end. */
export class Revocations {
  readonly #clock: Clock
  readonly #revoked = new Map<string, Revoked>()
  readonly #bySubject = new Map<string, number>()
  readonly #most: number
  #forgotAt = -Infinity

  constructor(clock: Clock, most = MOST) {
    this.#clock = clock
    this.#most = most
  }

  get size(): number {
    return this.#revoked.size
  }

  has(id: string): boolean {
    return this.#revoked.has(id)
  }

  /** Whether one more of that subject can be kept. */
  hasRoom(subject: string, share: number): boolean {
    const isFull = (): boolean => this.#revoked.size >= this.#most || (this.#bySubject.get(subject) ?? 0) >= share
    if (isFull() && this.#clock.now() >= this.#forgotAt + FORGET_MS) this.forget()
    return !isFull()
  }

  /** @param from the wall clock when it was written */
  add(id: string, subject: string, until: number, from: number): void {
    if (!this.#revoked.has(id)) this.#bySubject.set(subject, (this.#bySubject.get(subject) ?? 0) + 1)
    this.#revoked.set(id, { subject, keep: lasting(this.#clock, until, from) })
  }

  /** Everything was read from a file. @param from the latest wall clock in it */
  settle(from: number): void {
    for (const one of this.#revoked.values()) one.keep = lasting(this.#clock, one.keep.until, from)
  }

  *all(): Generator<{ readonly id: string; readonly subject: string; readonly until: number }> {
    for (const [id, { subject, keep }] of this.#revoked) yield { id, subject, until: keep.until }
  }

  *news(): Generator<Revocation> {
    for (const { id, until } of this.all()) yield [id, until]
  }

  /** Forgets what is over. */
  forget(): void {
    this.#forgotAt = this.#clock.now()
    for (const [id, { subject, keep }] of this.#revoked) {
      if (!isOver(this.#clock, keep)) continue
      this.#revoked.delete(id)
      const others = this.#bySubject.get(subject)! - 1
      if (others === 0) this.#bySubject.delete(subject)
      else this.#bySubject.set(subject, others)
    }
  }
}
