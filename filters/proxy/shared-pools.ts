import { isIP } from 'node:net'
import type { Pool } from 'undici'
import type { FilterEnv } from '../../core/index.ts'
import { Addresses } from './dns/addresses.ts'
import { resolveAt, systemResolve } from './dns/resolve.ts'
import { type DnsSettings, makePool, type PoolSettings } from './pool.ts'
import { sharedPoolGauges } from './pool-gauges.ts'
import { descriptorsError, Shortages } from './shortages.ts'

/** Connections of health checks are kept as long as the upstream keeps them, because a connect costs more than a check. */
const CHECK_KEEP_ALIVE_MS = 600_000

/**
 * Pool for the health checks of one origin, with connections like those of its traffic. It is created with the first check, because
 * most targets are not checked.
 */
export function sharedHealthCheckPool(settings: PoolSettings, env: FilterEnv): () => Pool {
  const own = { ...settings, keepAliveMs: CHECK_KEEP_ALIVE_MS }
  const addresses = addressesOf(own, env)
  const shortages = sharedShortages(env)
  const holder = env.share<{ pool: Pool | undefined }>(`health checks ${JSON.stringify(own)}`, {
    scope: 'factory',
    version: 1,
    make: () => ({ pool: undefined }),
    close: ({ pool }) => void pool?.close(),
  })
  return () => (holder.pool ??= makePool(own, addresses, shortages))
}

/** Pool for the traffic of one origin. All endpoints share it; it outlives reloads, until no endpoint uses it. */
export function sharedPool(settings: PoolSettings, env: FilterEnv): Pool {
  const addresses = addressesOf(settings, env)
  const shortages = sharedShortages(env)
  const gauges = sharedPoolGauges(env)
  return env.share(`pool ${JSON.stringify(settings)}`, {
    scope: 'factory',
    version: 1,
    make: () => {
      const pool = makePool(settings, addresses, shortages)
      gauges.add(settings.origin, pool)
      return pool
    },
    close: (pool) => {
      gauges.remove(pool)
      // Requests in flight finish first.
      void pool.close()
    },
  })
}

const sharedShortages = (env: FilterEnv): Shortages =>
  env.share('shortages', {
    scope: 'factory',
    version: 1,
    make: () => new Shortages(env),
    close: (shortages) => shortages.close(),
  })

/** Addresses of the origin's host name; undefined if the host is an address. The pool and its addresses live equally long. */
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
        exhausted: descriptorsError,
      }),
    close: (addresses) => addresses.close(),
  })
