import type { Pool } from 'undici'
import type { FilterEnv, Meter, Sample } from '../../core/index.ts'

/** The pools of all origins, as gauges that are read for every scrape. Pools of one origin with other settings are added up. */
export class PoolGauges {
  readonly #pools = new Map<Pool, string>()
  readonly #unregister: readonly (() => void)[]

  constructor(meter: Meter) {
    this.#unregister = [
      meter.register({
        name: 'http_client_open_connections',
        help: 'Connections to upstreams: those that carry a request, and idle ones that are kept.',
        type: 'gauge',
        collect: () =>
          this.#samples((pool) => {
            const { connected, free } = pool.stats
            return [
              ['active', connected - free],
              ['idle', free],
            ]
          }),
      }),
      meter.register({
        name: 'weir_upstream_requests_queued',
        help: 'Requests that wait for a connection to their upstream.',
        type: 'gauge',
        collect: () => this.#samples((pool) => [[undefined, pool.stats.pending]]),
      }),
    ]
  }

  add(origin: string, pool: Pool): void {
    this.#pools.set(pool, origin)
  }

  remove(pool: Pool): void {
    this.#pools.delete(pool)
  }

  close(): void {
    for (const unregister of this.#unregister) unregister()
  }

  #samples(read: (pool: Pool) => readonly (readonly [state: string | undefined, value: number])[]): Sample[] {
    const samples = new Map<string, { readonly labels: Sample['labels']; value: number }>()
    for (const [pool, origin] of this.#pools)
      for (const [state, value] of read(pool)) {
        const key = `${origin} ${state}`
        const known = samples.get(key)
        if (known !== undefined) known.value += value
        else samples.set(key, { labels: state === undefined ? { origin } : { origin, state }, value })
      }
    return [...samples.values()]
  }
}

/** Those of this process. */
export const sharedPoolGauges = ({ share, meter }: Pick<FilterEnv, 'share' | 'meter'>): PoolGauges =>
  share('pool gauges', {
    scope: 'factory',
    version: 1,
    make: () => new PoolGauges(meter),
    close: (gauges) => gauges.close(),
  })
