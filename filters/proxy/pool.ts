import { type Client, Pool } from 'undici'
import { CountingClient } from './counting-client.ts'
import type { Addresses, TtlBounds } from './dns/addresses.ts'
import type { Shortages } from './shortages.ts'

/** Settings of connections to one origin. Equal settings share a pool. */
export interface PoolSettings {
  readonly origin: string
  readonly connectTimeoutMs: number
  readonly keepAliveMs: number
  /** PEM bundle of authorities; undefined: those of the system. */
  readonly ca: string | undefined
  readonly verify: boolean
  /** Name that TLS sends and verifies (RFC 6066 §3); empty if the host is an address, which is verified then. */
  readonly serverName: string
  readonly dns: DnsSettings
}

/** Settings of name resolution. Equal settings for one name share its addresses. */
export interface DnsSettings extends TtlBounds {
  /** Undefined: the system resolves. */
  readonly servers: readonly string[] | undefined
}

/** Longest time of Node's timers. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * @param addresses addresses of the origin's host name; undefined if the host is an address itself
 * @param shortages is told why a connection can't be made
 */
export function makePool(settings: PoolSettings, addresses?: Addresses, shortages?: Shortages): Pool {
  return new Pool(settings.origin, {
    // undici would offer h2 by default. Upstream connections use HTTP/1.1 until h2 is tested.
    allowH2: false,
    pipelining: 1,
    // The gateway has its own deadlines: undici's timers are coarse, about a second.
    headersTimeout: 0,
    bodyTimeout: 0,
    // undici rejects 0, at every request; a timer beyond its range would fire at once.
    keepAliveTimeout: Math.min(Math.max(settings.keepAliveMs, 1), MAX_TIMER_MS),
    keepAliveMaxTimeout: 600_000,
    maxHeaderSize: 64 * 1024,
    connect: {
      timeout: settings.connectTimeoutMs,
      rejectUnauthorized: settings.verify,
      ...(settings.ca === undefined ? {} : { ca: settings.ca }),
      ...(addresses === undefined ? {} : { lookup: addresses.lookup }),
    },
    factory: (origin, options) =>
      new CountingClient(origin, options as Client.Options, settings.serverName, addresses, shortages),
  })
}
