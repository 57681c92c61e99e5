import type { Clock } from '../base/clock.ts'
import type { EndpointRegistry } from '../state/registry.ts'
import type { TargetState } from '../state/target-state.ts'
import { FleetLimits } from './fleet-limits.ts'
import { FleetProbes } from './fleet-probes.ts'
import type { Member } from './member.ts'
import {
  type BreakerValue,
  type EjectedValue,
  type HealthValue,
  keyOf,
  type LimitUse,
  type StatusKey,
  textOf,
} from './status-keys.ts'
import { type Batch, type ValueSender, Values } from './values.ts'

/**
 * The status of endpoints in the primary: brings together what workers find, and tells each of them. A target is ejected as long as
 * one worker ejects it; what a worker had ejected returns when the worker ends. Of a breaker, the last change in any worker counts.
 */
export class FleetStatus {
  readonly probes: FleetProbes
  readonly #limits = new FleetLimits((name, value) => this.#values.set(textOf(['limit', name]), value))
  readonly #registry: EndpointRegistry
  readonly #values = new Values()
  readonly #senders = new Map<Member<unknown>, ValueSender>()
  /** Ejections of workers that run, by key. */
  readonly #ejected = new Map<string, Map<Member<unknown>, EjectedValue>>()
  /** Workers that have ended: what they said last may arrive afterwards. */
  readonly #gone = new WeakSet<Member<unknown>>()

  constructor(registry: EndpointRegistry, clock: Clock) {
    this.#registry = registry
    this.probes = new FleetProbes(clock, (breaker) => this.#close(breaker))
    registry.subscribe((event) => {
      if (event.type !== 'target_health') return
      const { endpoint, target, to, reason } = event
      const value: HealthValue = { health: to, reason }
      this.#values.set(textOf(['health', endpoint, target]), to === 'unknown' ? undefined : value)
    })
  }

  /** A worker listens from now on: it gets everything that is known. */
  greeted(member: Member<unknown>): void {
    if (this.#gone.has(member)) return
    this.#limits.greeted(member.number)
    this.#senders.set(
      member,
      this.#values.sendTo((batch) => member.link.sendValues(batch)),
    )
  }

  /** A worker has taken its last batch. */
  taken(member: Member<unknown>): void {
    this.#senders.get(member)?.taken()
  }

  /** What a worker has found. */
  take(member: Member<unknown>, batch: Batch): void {
    if (this.#gone.has(member)) return
    for (const [text, value] of batch) {
      const key = keyOf(text)
      if (key[0] === 'limit') this.#limits.take(member.number, key[1], value as LimitUse)
      else if (key[0] === 'breaker_state') this.#breaker(key, value as BreakerValue | undefined)
      else this.#eject(text, key, member, value as EjectedValue | undefined)
    }
  }

  /** A worker has ended. */
  gone(member: Member<unknown>): void {
    this.#gone.add(member)
    const sender = this.#senders.get(member)
    if (sender !== undefined) this.#values.forget(sender)
    this.#senders.delete(member)
    this.#limits.gone(member.number)
    for (const [text, ejecting] of this.#ejected)
      if (ejecting.has(member)) this.#eject(text, keyOf(text), member, undefined)
  }

  /** There may be other endpoints now: forgets what is about others. */
  loaded(): void {
    for (const text of [...this.#values.keys()]) {
      const key = keyOf(text)
      if (key[0] === 'limit') continue
      const known = key[0] === 'breaker_state' ? this.#registry.get(key[1]) : this.#target(key)
      if (known !== undefined) continue
      this.#values.set(text, undefined)
      this.#ejected.delete(text)
      this.probes.changed(text)
    }
  }

  #eject(text: string, key: StatusKey, member: Member<unknown>, value: EjectedValue | undefined): void {
    const ejecting = this.#ejected.get(text) ?? new Map<Member<unknown>, EjectedValue>()
    if (value === undefined || value.by.length === 0) ejecting.delete(member)
    else ejecting.set(member, value)
    if (ejecting.size > 0) this.#ejected.set(text, ejecting)
    else this.#ejected.delete(text)
    const all = [...ejecting.values()]
    const reason = value?.reason ?? all[0]?.reason ?? 'no worker ejects it any more'
    this.#values.set(text, all.length === 0 ? undefined : { reason, by: all.flatMap(({ by }) => by) })
    const target = this.#target(key)
    if (target === undefined) return
    if (all.length > 0) this.#registry.eject(target, reason)
    else this.#registry.restore(target, reason)
  }

  #breaker(key: StatusKey & { readonly 0: 'breaker_state' }, value: BreakerValue | undefined): void {
    const before = this.#values.get(textOf(key)) as BreakerValue | undefined
    this.#values.set(textOf(key), value)
    if (value?.to !== 'half_open') this.probes.changed(textOf(key))
    const [, endpoint, filter, target] = key
    const state = this.#registry.get(endpoint)
    // Several workers may do the same: it is reported once.
    if (state === undefined || value === undefined || value.to === before?.to) return
    const { from, to, reason } = value
    this.#registry.breaker(state, { filter, target: target ?? undefined, from, to, reason })
  }

  /** Enough probes have succeeded, whichever workers sent them. */
  #close(breaker: string): void {
    const key = keyOf(breaker)
    if (key[0] !== 'breaker_state') return
    const reason = 'the probes succeeded'
    this.#breaker(key, { from: 'half_open', to: 'closed', reason, until: 0, by: 'primary' })
  }

  #target(key: StatusKey): TargetState | undefined {
    return this.#registry.get(key[1])?.targets.find(({ url }) => url === key[2])
  }
}
