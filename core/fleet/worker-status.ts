import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { BreakerHandle } from '../state/endpoint-state.ts'
import type { EndpointRegistry } from '../state/registry.ts'
import type { RegistryEvent } from '../state/registry-event.ts'
import type { TargetState } from '../state/target-state.ts'
import {
  type BreakerValue,
  type EjectedValue,
  type HealthValue,
  keyOf,
  type LimitUse,
  type LimitValue,
  type StatusKey,
  textOf,
} from './status-keys.ts'
import { type Batch, type ValueSender, Values } from './values.ts'
import type { WorkerLimits } from './worker-limits.ts'

/**
 * The status of endpoints in a worker: tells the primary what this worker finds, and applies what others have found. Values outlive
 * loads: those of an endpoint that is not there yet are applied when it comes.
 */
export class WorkerStatus {
  /** Of this process. */
  readonly #id = randomUUID()
  readonly #registry: EndpointRegistry
  readonly #own = new Values()
  readonly #sender: ValueSender
  readonly #others = new Map<string, unknown>()
  /** The value that a breaker has adopted last. */
  readonly #adopted = new WeakMap<BreakerHandle, BreakerValue>()

  readonly #limits: Pick<WorkerLimits, 'take'>

  /** @param send sends a batch to the primary; false: it could not be sent */
  constructor(
    registry: EndpointRegistry,
    send: (batch: Batch) => boolean,
    limits: Pick<WorkerLimits, 'take'> = { take: () => {} },
  ) {
    this.#registry = registry
    this.#limits = limits
    this.#sender = this.#own.sendTo(send)
    registry.subscribe((event) => this.#tell(event))
  }

  /** How much of a limit this worker uses. */
  uses(limit: string, use: LimitUse): void {
    this.#own.set(textOf(['limit', limit]), use)
  }

  /** The primary has taken the last batch. */
  taken(): void {
    this.#sender.taken()
  }

  /** What others have found. */
  take(batch: Batch): void {
    for (const [key, value] of batch) {
      if (value === undefined) this.#others.delete(key)
      else this.#others.set(key, value)
      this.#apply(keyOf(key), value)
    }
  }

  /** There may be other endpoints now. */
  loaded(): void {
    for (const [key, value] of this.#others) this.#apply(keyOf(key), value)
    for (const key of [...this.#own.keys()]) if (!this.#isKnown(keyOf(key))) this.#own.set(key, undefined)
  }

  #tell(event: RegistryEvent): void {
    const { type, endpoint } = event
    if (type === 'target_ejected' || type === 'target_returned') {
      const { target, reason } = event
      const ejected = this.#target(endpoint, target)?.ejected === true
      const value: EjectedValue = { reason, by: ejected ? [this.#id] : [] }
      this.#own.set(textOf(['ejected', endpoint, target]), value)
    } else if (type === 'breaker_state') {
      const { filter, target = null, from, to, reason, until = 0 } = event
      const value: BreakerValue = { from, to, reason, until, by: this.#id }
      this.#own.set(textOf(['breaker_state', endpoint, filter, target]), value)
    }
  }

  #apply(key: StatusKey, value: unknown): void {
    if (key[0] === 'limit') return this.#limits.take(key[1], value as LimitValue | undefined)
    if (key[0] === 'breaker_state') return this.#adopt(key, value as BreakerValue | undefined)
    const [kind, endpoint, url] = key
    const target = this.#target(endpoint, url)
    if (target === undefined) return
    if (kind === 'health') {
      const { health, reason } = (value as HealthValue | undefined) ?? { health: 'unknown', reason: 'not checked' }
      this.#registry.setHealth(target, health, reason)
    } else {
      const { by, reason } = (value as EjectedValue | undefined) ?? { by: [], reason: 'no worker ejects it any more' }
      this.#registry.ejectElsewhere(
        target,
        by.some((id) => id !== this.#id),
        reason,
      )
    }
  }

  #adopt(key: StatusKey & { readonly 0: 'breaker_state' }, value: BreakerValue | undefined): void {
    const [, endpoint, filter, target] = key
    if (value === undefined || value.to === 'half_open') return
    // Its own value comes back. If that is its last one, it counts: another's may have arrived between.
    const own = value.by === this.#id
    if (own && !isDeepStrictEqual(value, this.#own.get(textOf(key)))) return
    for (const breaker of this.#registry.get(endpoint)?.breakers ?? []) {
      if (breaker.filter !== filter || (breaker.target ?? null) !== target) continue
      if (this.#adopted.get(breaker) === value) continue
      this.#adopted.set(breaker, value)
      if (breaker.phase === value.to && (own || value.from !== 'half_open')) continue
      breaker.adopt?.(value.to, value.until, value.reason)
    }
  }

  #target(endpoint: string, url: string): TargetState | undefined {
    return this.#registry.get(endpoint)?.targets.find((target) => target.url === url)
  }

  #isKnown(key: StatusKey): boolean {
    if (key[0] === 'limit') return true
    if (key[0] === 'breaker_state') return this.#registry.get(key[1]) !== undefined
    return this.#target(key[1], key[2]) !== undefined
  }
}
