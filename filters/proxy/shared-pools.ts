import { isIP } from 'node:net'
import type { Pool } from 'undici'
import type { FilterEnv } from '../../core/index.ts'
import { Addresses } from './dns/addresses.ts'
import { resolveAt, systemResolve } from './dns/resolve.ts'
import { type DnsSettings, makePool, type PoolSettings } from './pool.ts'

/** Connections of health checks are kept for as long as the upstream keeps them: to make one costs more than to check. */
const CHECK_KEEP_ALIVE_MS = 600_000

/**
 * Connections to one origin for its health checks, made as those of its traffic. The pool is there when it is first asked for:
 * most targets are not checked.
 */
export function sharedHealthCheckPool(settings: PoolSettings, env: FilterEnv): () => Pool {
  const own = { ...settings, keepAliveMs: CHECK_KEEP_ALIVE_MS }
  const addresses = addressesOf(own, env)
  const holder = env.share<{ pool: Pool | undefined }>(`health checks ${JSON.stringify(own)}`, {
    scope: 'factory',
    version: 1,
    make: () => ({ pool: undefined }),
    close: ({ pool }) => void pool?.close(),
  })
  return () => (holder.pool ??= makePool(own, addresses))
}

/** Connections to one origin, shared by every endpoint and outliving reloads, until no endpoint uses them. */
export function sharedPool(settings: PoolSettings, env: FilterEnv): Pool {
  const addresses = addressesOf(settings, env)
  return env.share(`pool ${JSON.stringify(settings)}`, {
    scope: 'factory',
    version: 1,
    make: () => makePool(settings, addresses),
    // Requests in flight finish first.
    close: (pool) => void pool.close(),
  })
}

/** Undefined where the origin's name is an address. Whoever holds the pool holds its addresses. */
function addressesOf({ origin, dns }: PoolSettings, env: FilterEnv): Addresses | undefined {
  const { hostname } = new URL(origin)
  const isName = isIP(hostname.replace(/^\[(.*)\]$/, '$1')) === 0
  return isName ? sharedAddresses(hostname, dns, env) : undefined
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
