import type { LookupFunction } from 'node:net'
import type { Clock, Deadline, Logger, TimerWheel } from '../../../core/index.ts'
import { shortageOf } from '../shortages.ts'
import type { Address, Resolve } from './resolve.ts'

/** Milliseconds. */
export interface TtlBounds {
  readonly min: number
  readonly max: number
  /** If no TTL is known. */
  readonly default: number
}

/** A connection that retires when its address no longer belongs to the name. */
export interface Connection {
  readonly address: string | undefined
  retire(): void
}

export interface AddressesParts {
  readonly resolve: Resolve
  readonly clock: Clock
  readonly timers: TimerWheel
  readonly log: Logger
  /** The error if the gateway itself has no descriptors left to resolve with. */
  exhausted?(): Error | undefined
}

/** How long a name that never resolved is not resolved again; milliseconds. */
const FAILED_MS = 1000

/**
 * The addresses of one name. The first request resolves it, and after each TTL it is resolved again while requests come. If that
 * fails, the old addresses stay in use. New connections take the addresses in turn; connections to an address that is gone retire.
 */
export class Addresses {
  readonly #name: string
  readonly #bounds: TtlBounds
  readonly #parts: AddressesParts
  readonly #connections = new Set<Connection>()
  #list: readonly Address[] = []
  #known: ReadonlySet<string> = new Set()
  /** Error of the last resolution, if it failed. */
  #error: Error | undefined
  /** Whether the TTL has passed without a request: the next one waits for a resolution. */
  #stale = true
  /** Whether a request came since the last resolution began. */
  #used = false
  #turn = 0
  #resolvedAt = 0
  /** Number of the last resolution. */
  #round = 0
  #pending: Promise<void> | undefined
  #deadline: Deadline | undefined
  #closed = false

  constructor(name: string, bounds: TtlBounds, parts: AddressesParts) {
    this.#name = name
    this.#bounds = bounds
    this.#parts = parts
  }

  /** A request goes to the name. */
  touch(): void {
    this.#used = true
    if (this.#stale) void this.#refresh()
  }

  /** For `net.connect`: all addresses, first the family of the first one, then the other, each family in turn. */
  readonly lookup: LookupFunction = (_name, options, done) => {
    const respond = (): void => {
      const [first] = this.#list
      if (first === undefined) done(this.#error as NodeJS.ErrnoException, [])
      else if (options.all === true) done(null, this.#inTurn(first.family))
      else done(null, ...firstOf(this.#inTurn(first.family)))
    }
    if (this.#stale) void this.#refresh().then(respond)
    else respond()
  }

  has(address: string): boolean {
    return this.#known.has(address)
  }

  join(connection: Connection): void {
    this.#connections.add(connection)
  }

  leave(connection: Connection): void {
    this.#connections.delete(connection)
  }

  /** A connect failed: the upstream may have moved before its TTL ends. Resolves again, but not before `min`. */
  suspect(): void {
    if (this.#error !== undefined || this.#stale || this.#pending !== undefined) return
    this.#expireIn(this.#bounds.min)
  }

  close(): void {
    this.#closed = true
    this.#deadline?.cancel()
  }

  #inTurn(family: number): Address[] {
    const turn = this.#turn++
    const rotated = (all: readonly Address[]): Address[] => all.map((_, i) => all[(i + turn) % all.length]!)
    const first = this.#list.filter((each) => each.family === family)
    return [...rotated(first), ...rotated(this.#list.filter((each) => each.family !== family))]
  }

  #refresh(): Promise<void> {
    this.#pending ??= this.#resolve().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  async #resolve(): Promise<void> {
    const { clock, resolve } = this.#parts
    this.#deadline?.cancel()
    this.#used = false
    this.#round++
    try {
      const { addresses, ttl } = await resolve(this.#name)
      this.#resolvedAt = clock.now()
      this.#use(addresses)
      this.#expireIn(this.#bounds.default)
      void this.#hold(ttl)
    } catch (error) {
      this.#fail((this.#parts.exhausted?.() ?? error) as NodeJS.ErrnoException)
    }
    this.#stale = false
  }

  async #hold(ttl: Promise<number | undefined>): Promise<void> {
    const round = this.#round
    const ms = await ttl
    if (ms !== undefined && round === this.#round) this.#expireIn(ms)
  }

  #fail(error: NodeJS.ErrnoException): void {
    const { clock, log } = this.#parts
    const kept = this.#list.length
    if (this.#error === undefined && shortageOf(error) === undefined)
      log.warn({ name: this.#name, code: error.code, kept }, 'the name of an upstream does not resolve')
    this.#error = error
    this.#resolvedAt = clock.now()
    if (kept > 0) this.#expireIn(this.#bounds.min)
    else this.#arm(FAILED_MS)
  }

  #use(addresses: readonly Address[]): void {
    const { log } = this.#parts
    const name = this.#name
    if (this.#error !== undefined) log.info({ name }, 'the name of an upstream resolves again')
    this.#error = undefined
    const before = this.#known
    this.#list = addresses
    this.#known = new Set(addresses.map(({ address }) => address))
    if (before.size === this.#known.size && [...before].every((address) => this.#known.has(address))) return
    if (before.size > 0)
      log.info({ name, from: [...before], to: [...this.#known] }, 'the addresses of an upstream changed')
    for (const connection of this.#connections)
      if (connection.address !== undefined && !this.#known.has(connection.address)) connection.retire()
  }

  /** @param ms since the last resolution */
  #expireIn(ms: number): void {
    const { min, max } = this.#bounds
    this.#arm(this.#resolvedAt + Math.min(Math.max(ms, min), max) - this.#parts.clock.now())
  }

  #arm(ms: number): void {
    this.#deadline?.cancel()
    if (this.#closed) return
    this.#deadline = this.#parts.timers.after(ms, () => {
      if (this.#used) void this.#refresh()
      else this.#stale = true
    })
  }
}

const firstOf = ([first]: readonly Address[]): [string, number] => [first!.address, first!.family]
