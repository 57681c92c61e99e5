import { type Client, Pool } from 'undici'
import { CountingClient } from './counting-client.ts'
import type { Addresses, TtlBounds } from './dns/addresses.ts'

/** How connections to one origin are made. Equal settings share a pool. */
export interface PoolSettings {
  readonly origin: string
  readonly connectTimeoutMs: number
  readonly keepAliveMs: number
  /** PEM bundle; undefined: the system's authorities. */
  readonly ca: string | undefined
  readonly verify: boolean
  readonly dns: DnsSettings
}

/** How the origin's name is resolved. Equal settings for one name share its addresses. */
export interface DnsSettings extends TtlBounds {
  /** Undefined: as the system does. */
  readonly servers: readonly string[] | undefined
}

/** Node's timers hold no more. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** @param addresses of the origin's name; undefined if that is an address itself */
export function makePool(settings: PoolSettings, addresses?: Addresses): Pool {
  return new Pool(settings.origin, {
    // undici would offer h2 by itself; until it is wanted and tested, upstreams are spoken to in HTTP/1.1.
    allowH2: false,
    pipelining: 1,
    // The engine owns these deadlines: undici's timers tick by about a second.
    headersTimeout: 0,
    bodyTimeout: 0,
    // undici refuses 0, and does so with every request; a timer beyond its range would fire at once.
    keepAliveTimeout: Math.min(Math.max(settings.keepAliveMs, 1), MAX_TIMER_MS),
    keepAliveMaxTimeout: 600_000,
    maxHeaderSize: 64 * 1024,
    connect: {
      timeout: settings.connectTimeoutMs,
      rejectUnauthorized: settings.verify,
      ...(settings.ca === undefined ? {} : { ca: settings.ca }),
      ...(addresses === undefined ? {} : { lookup: addresses.lookup }),
    },
    factory: (origin, options) => new CountingClient(origin, options as Client.Options, addresses),
  })
}
