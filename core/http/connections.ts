import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type Deadline, startInterval } from '../base/timer.ts'
import { type LimitPart, type SharedLimits, UNDIVIDED } from '../state/shared-limits.ts'
import { clientNetwork } from './client-network.ts'
import { type Connection, connectionOf } from './connection.ts'
import { defaultMaxConnections } from './descriptor-limit.ts'
import type { ListenerState } from './listener-state.ts'
import { headsBegun } from './node-parser.ts'

/** How often idle connections are looked through; milliseconds. They are kept as much longer than clients are told. */
const SWEEP_MS = 1000

/** The open connections of a listener: bounds them, and closes those that only look busy. */
export class Connections {
  readonly #state: ListenerState
  readonly #open = new Map<Socket, Connection>()
  /** How many are open, by `clientNetwork`. */
  readonly #byNetwork = new Map<string, number>()
  #sweep: Deadline | undefined
  #server: Server | undefined
  readonly #name: string
  readonly #shared: SharedLimits
  #max: number | undefined
  #allowed: LimitPart | undefined

  /** @param name of the listener */
  constructor(state: ListenerState, name: string, shared: SharedLimits) {
    this.#state = state
    this.#name = name
    this.#shared = shared
  }

  /** Sets the limit of a server, which Node applies before it makes anything of a connection. A listener without endpoints has none. */
  limit(server: Server): void {
    const { overload, settings } = this.#state
    this.#server = server
    if (overload === undefined) return
    const { maxConnections } = settings.limits
    if (this.#allowed !== undefined && maxConnections === this.#max) return
    this.#max = maxConnections
    // The default is what one process can have open.
    const shared = maxConnections === undefined ? UNDIVIDED : this.#shared
    const allow = (part: number): void => {
      server.maxConnections = part
    }
    this.#allowed = shared.divide(`connections ${this.#name}`, maxConnections ?? defaultMaxConnections(), allow)
    this.#allowed.used(this.#open.size)
    allow(this.#allowed.part)
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size
  }

  /** A connection was opened, or Node's server has taken it back. @returns undefined if it was refused */
  opened(socket: Socket): Connection | undefined {
    const known = this.#open.get(socket)
    if (known !== undefined) return known
    const { settings, overload } = this.#state
    const connection = connectionOf(socket)
    const network = clientNetwork(connection.peer)
    const count = (this.#byNetwork.get(network) ?? 0) + 1
    if (overload !== undefined && count > settings.limits.maxConnectionsPerAddress) {
      overload.refused('address')
      socket.resetAndDestroy()
      return undefined
    }
    this.#open.set(socket, connection)
    this.#allowed?.used(this.#open.size)
    this.#byNetwork.set(network, count)
    socket.once('close', () => {
      this.#closed(socket, network)
      connection.writer?.closed()
    })
    // Not on the wheel: it would hold the wheel up as long as there are connections. Immediates run after the poll for I/O: after the
    // process was blocked, requests that came meanwhile are read first.
    this.#sweep ??= startInterval(SWEEP_MS, () => setImmediate(() => this.#look()))
    return connection
  }

  #closed(socket: Socket, network: string): void {
    this.#open.delete(socket)
    this.#allowed?.used(this.#open.size)
    const count = this.#byNetwork.get(network)! - 1
    if (count > 0) this.#byNetwork.set(network, count)
    else this.#byNetwork.delete(network)
    if (this.#open.size > 0) return
    this.#sweep?.cancel()
    this.#sweep = undefined
  }

  /**
   * Closes connections that have been idle for too long. Blank lines before a request (RFC 9112 §2.2) do not count as activity: once the
   * time is over, only a connection on which a head has begun stays. It may take the time of a head.
   */
  #look(): void {
    const { settings, runtime } = this.#state
    const limit = settings.limits.idleTimeoutMs + SWEEP_MS
    const now = runtime.clock.now()
    let begun: ((socket: Socket) => boolean) | undefined
    for (const [socket, connection] of this.#open) {
      if (connection.busy) continue
      connection.idleSince ??= now
      if (now - connection.idleSince < limit) continue
      begun ??= headsBegun(this.#server!)
      if (!begun(socket)) socket.destroy()
    }
  }
}
