import type { Clock } from '../../core/index.ts'
import { isOver, type Lasting, lasting } from './lasting.ts'
import type { SessionData } from './records.ts'

/** Of a hundred slots, one user or client has one; and at least so many. */
const LEAST_OF_SUBJECT = 10
/** With revoked ones, so many times as many. */
const WITH_REVOKED = 4
/** Looking at all of them takes milliseconds: not for every request that finds no room. */
const FORGET_MS = 1000

/** There is no room for one more: nothing is forgotten before its end. */
export class StateFull extends Error {}

export const shareOf = (most: number): number => Math.max(LEAST_OF_SUBJECT, Math.floor(most / 100))

interface Slot {
  readonly session: SessionData
  keep: Lasting
}

/** All sessions, in memory; revoked ones too, as long as one of their tokens lives. Bounded. */
export class Sessions {
  readonly #clock: Clock
  readonly #slots = new Map<string, Slot>()
  /** By subject, the oldest first. */
  readonly #bySubject = new Map<string, Set<SessionData>>()
  #most: number
  #live = 0
  #forgotAt = -Infinity

  constructor(clock: Clock, most: number) {
    this.#clock = clock
    this.#most = most
  }

  /** @param most sessions from now on */
  set most(most: number) {
    this.#most = most
  }

  /** Those that are not revoked. */
  get live(): number {
    return this.#live
  }

  get(id: string): SessionData | undefined {
    return this.#slots.get(id)?.session
  }

  /** In the order in which they were opened. */
  *all(): Generator<SessionData> {
    for (const { session } of this.#slots.values()) yield session
  }

  /** How long the revocations that matter do so, by `sid`. */
  *revoked(): Generator<readonly [sid: string, until: number]> {
    for (const { sid, ended } of this.all()) if (ended !== undefined) yield [sid, ended]
  }

  /** Whether there is a slot for one more of that subject. What is over is forgotten first. */
  hasRoom(subject: string): boolean {
    const isFull = (): boolean =>
      this.#slots.size >= this.#most || (this.#bySubject.get(subject)?.size ?? 0) >= WITH_REVOKED * shareOf(this.#most)
    if (isFull() && this.#clock.now() >= this.#forgotAt + FORGET_MS) this.forget()
    return !isFull()
  }

  /** The oldest ones of a subject that must end before one more may begin. */
  surplus(subject: string): SessionData[] {
    const live = [...(this.#bySubject.get(subject) ?? [])].filter(({ ended }) => ended === undefined)
    return live.slice(0, Math.max(0, live.length + 1 - shareOf(this.#most)))
  }

  /** @param from the wall clock when it was written */
  open(session: SessionData, from: number): void {
    this.#slots.set(session.id, { session, keep: this.#keep(session, from) })
    const { subject } = session
    const others = this.#bySubject.get(subject)
    if (others === undefined) this.#bySubject.set(subject, new Set([session]))
    else others.add(session)
    if (session.ended === undefined) this.#live++
  }

  turn(id: string, generation: number, tokensUntil: number): void {
    const session = this.get(id)
    if (session === undefined) return
    session.generation = generation
    session.tokensUntil = Math.max(session.tokensUntil, tokensUntil)
  }

  end(id: string, until: number, from: number): void {
    const slot = this.#slots.get(id)
    if (slot === undefined) return
    if (slot.session.ended === undefined) this.#live--
    slot.session.ended = Math.max(until, slot.session.ended ?? 0)
    slot.keep = this.#keep(slot.session, from)
  }

  /** Everything was read from a file. @param from the latest wall clock in it */
  settle(from: number): void {
    for (const slot of this.#slots.values()) slot.keep = this.#keep(slot.session, from)
  }

  /** Forgets what is over. */
  forget(): void {
    this.#forgotAt = this.#clock.now()
    for (const [id, { session, keep }] of this.#slots) {
      if (!isOver(this.#clock, keep)) continue
      this.#slots.delete(id)
      if (session.ended === undefined) this.#live--
      const others = this.#bySubject.get(session.subject)!
      others.delete(session)
      if (others.size === 0) this.#bySubject.delete(session.subject)
    }
  }

  #keep({ ended, expires, tokensUntil }: SessionData, from: number): Lasting {
    return lasting(this.#clock, ended ?? Math.max(expires, tokensUntil), from)
  }
}
