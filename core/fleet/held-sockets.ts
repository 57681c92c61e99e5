import { lookup } from 'node:dns/promises'
import net, { type AddressInfo, type BoundSocket } from 'node:net'
import { sleep } from '../base/timer.ts'

/** A socket is wanted here. */
export interface SocketAddress {
  /** Name of the listener. */
  readonly name: string
  /** Undefined: all addresses. */
  readonly host: string | undefined
  readonly port: number
}

/** What to do about an address that is in use. */
export interface BusyAddress {
  /** How long it is tried again; milliseconds. */
  readonly waitMs: number
  /** Called once for each. */
  told(address: SocketAddress): void
}

/** Milliseconds between two attempts to bind an address; nginx waits as long. */
const RETRY_MS = 500

/**
 * Sockets that are bound in this process, and on which others listen. They take connections as long as one process has them open:
 * a worker that ends takes no connection with it that it has not accepted.
 */
export class HeldSockets {
  readonly #sockets = new Map<string, BoundSocket>()

  /** Whether this Node has such sockets (≥ 26.4). */
  static get supported(): boolean {
    // Not imported by name: an older Node would not load this file.
    return typeof net.BoundSocket === 'function'
  }

  /** Binds every address. @throws Error of the system if one can't be bound; then none is */
  static async bind(addresses: readonly SocketAddress[], busy?: BusyAddress): Promise<HeldSockets> {
    const held = new HeldSockets()
    try {
      for (const address of addresses) held.#sockets.set(address.name, await bindSoon(address, busy))
      return held
    } catch (error) {
      held.close()
      throw error
    }
  }

  /** Names of the listeners, in the order of `descriptors`. */
  get names(): readonly string[] {
    return [...this.#sockets.keys()]
  }

  /** For child processes. */
  get descriptors(): readonly number[] {
    return [...this.#sockets.values()].map((socket) => socket.fd())
  }

  address(name: string): AddressInfo | undefined {
    return this.#sockets.get(name)?.address()
  }

  /** Nobody else will listen on them. */
  close(): void {
    for (const socket of this.#sockets.values()) socket.close()
    this.#sockets.clear()
  }
}

async function bindSoon(address: SocketAddress, busy?: BusyAddress): Promise<BoundSocket> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      return await bind(address)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EADDRINUSE' || busy === undefined || waitedMs >= busy.waitMs) throw error
    }
    if (waitedMs === 0) busy.told(address)
    await sleep(RETRY_MS)
  }
}

/** As `server.listen` chooses addresses: all of IPv6, which includes IPv4, or those of IPv4 where there is no IPv6. */
async function bind({ host, port }: SocketAddress): Promise<BoundSocket> {
  if (host !== undefined) return new net.BoundSocket({ host: (await lookup(host)).address, port })
  try {
    return new net.BoundSocket({ host: '::', port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EAFNOSUPPORT' && code !== 'EINVAL' && code !== 'EADDRNOTAVAIL') throw error
    return new net.BoundSocket({ host: '0.0.0.0', port })
  }
}
