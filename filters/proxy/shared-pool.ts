import { isIP } from 'node:net'
import type { Pool } from 'undici'
import type { FilterEnv } from '../../core/index.ts'
import { Addresses } from './dns/addresses.ts'
import { resolveAt, systemResolve } from './dns/resolve.ts'
import { type DnsSettings, makePool, type PoolSettings } from './pools.ts'

/** Connections to one origin, shared by every endpoint and outliving reloads, until no endpoint uses them. */
export function sharedPool(settings: PoolSettings, env: FilterEnv): Pool {
  const { hostname } = new URL(settings.origin)
  const name = isIP(hostname.replace(/^\[(.*)\]$/, '$1')) === 0 ? hostname : undefined
  // Whoever holds the pool holds its addresses.
  const addresses = name === undefined ? undefined : sharedAddresses(name, settings.dns, env)
  return env.share(`pool ${JSON.stringify(settings)}`, {
    scope: 'factory',
    version: 1,
    make: () => makePool(settings, addresses),
    // Requests in flight finish first.
    close: (pool) => void pool.close(),
  })
}

const sharedAddresses = (name: string, dns: DnsSettings, { share, clock, timers, log }: FilterEnv): Addresses =>
  share(`addresses ${JSON.stringify([name, dns])}`, {
    scope: 'factory',
    version: 1,
    make: () =>
      new Addresses(name, dns, {
        resolve: dns.servers === undefined ? systemResolve() : resolveAt(dns.servers),
        clock,
        timers,
        log,
      }),
    close: (addresses) => addresses.close(),
  })
