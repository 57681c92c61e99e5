import type { PermitRules } from '../state/shared-permits.ts'
import type { PermitAnswers, PermitAsk, PermitBatch } from './messages.ts'

/** The end of a worker to which answers go. */
export interface PermitTaker {
  readonly link: { sendPermits(answers: PermitAnswers): void }
}

interface Ask extends PermitRules {
  readonly id: number
  readonly member: PermitTaker
  readonly pool: string
}

/** Asks that have a permit, and those that wait for one, in their order. */
interface Pool {
  readonly active: Set<Ask>
  readonly queue: Set<Ask>
}

interface Answers {
  readonly granted: number[]
  readonly refused: number[]
}

/**
 * The permits of all workers, in the primary. Each ask says by which rules it wants to be judged: during a reload there are two, and
 * nothing here has to know which are newer. What a worker had asked for is over when it ends.
 */
export class FleetPermits {
  readonly #pools = new Map<string, Pool>()
  readonly #asks = new Map<PermitTaker, Map<number, Ask>>()
  /** What goes out at the end of a batch. */
  readonly #outbox = new Map<PermitTaker, Answers>()

  /** A worker listens from now on. */
  greeted(member: PermitTaker): void {
    this.#asks.set(member, new Map())
  }

  /** What a worker has asked for, and what it gives back. It is answered even if there is nothing to say: it sends no more until then. */
  take(member: PermitTaker, { asked, left }: PermitBatch): void {
    const asks = this.#asks.get(member)
    if (asks === undefined) return
    for (const id of left) {
      const ask = asks.get(id)
      asks.delete(id)
      if (ask !== undefined) this.#over(ask)
    }
    for (const one of asked) this.#ask(member, asks, one)
    this.#send(member)
  }

  /** A worker has ended. */
  gone(member: PermitTaker): void {
    const asks = this.#asks.get(member)
    this.#asks.delete(member)
    for (const ask of asks?.values() ?? []) this.#over(ask)
    this.#send()
  }

  #ask(member: PermitTaker, asks: Map<number, Ask>, [id, pool, maxConcurrent, maxQueue]: PermitAsk): void {
    const ask = { id, member, pool, maxConcurrent, maxQueue }
    const { active, queue } = this.#poolOf(pool)
    if (queue.size === 0 && active.size < maxConcurrent) this.#grant(ask, active)
    else if (queue.size < maxQueue) queue.add(ask)
    else return void this.#answersTo(member).refused.push(id)
    asks.set(id, ask)
  }

  #over(ask: Ask): void {
    const pool = this.#pools.get(ask.pool)!
    const { active, queue } = pool
    queue.delete(ask)
    active.delete(ask)
    for (const next of queue) {
      if (active.size >= next.maxConcurrent) break
      queue.delete(next)
      this.#grant(next, active)
    }
    if (active.size === 0 && queue.size === 0) this.#pools.delete(ask.pool)
  }

  #grant(ask: Ask, active: Set<Ask>): void {
    active.add(ask)
    this.#answersTo(ask.member).granted.push(ask.id)
  }

  #poolOf(name: string): Pool {
    let pool = this.#pools.get(name)
    if (pool === undefined) {
      pool = { active: new Set(), queue: new Set() }
      this.#pools.set(name, pool)
    }
    return pool
  }

  #answersTo(member: PermitTaker): Answers {
    let answers = this.#outbox.get(member)
    if (answers === undefined) {
      answers = { granted: [], refused: [] }
      this.#outbox.set(member, answers)
    }
    return answers
  }

  /** @param taken whose batch it was */
  #send(taken?: PermitTaker): void {
    if (taken !== undefined) this.#answersTo(taken)
    for (const [member, answers] of this.#outbox)
      if (this.#asks.has(member)) member.link.sendPermits({ ...answers, taken: member === taken })
    this.#outbox.clear()
  }
}
