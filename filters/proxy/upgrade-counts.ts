import type { Meter, Sample } from '../../core/index.ts'

/** Open upgrades of one endpoint. Each counts from its handshake until its tunnel ends, or the response that refuses it. */
export interface Upgrades {
  /** Counts one more. Returns false, and does not count it, if there are `max` already. */
  enter(max: number): boolean
  /** Counts one less. */
  leave(): void
  /** The instance that uses the count is disposed of. Upgrades that it entered still leave. */
  release(): void
}

interface Count {
  open: number
  used: boolean
  /** Number of instances that use it: the old and the new one during a reload. */
  holders: number
}

/**
 * Open upgrades by endpoint, for the whole process, and the gauge `weir_upgrades_active{endpoint}`. A count lasts while an instance
 * uses it or a tunnel is open, so it is exact across reloads, even if one removes an endpoint and another adds it again.
 */
export class UpgradeCounts {
  readonly #counts = new Map<string, Count>()
  readonly #unregister: () => void

  constructor(meter: Meter) {
    this.#unregister = meter.register({
      name: 'weir_upgrades_active',
      help: 'Upgraded connections, handshakes included, of endpoints that have had any.',
      type: 'gauge',
      collect: () => this.#collect(),
    })
  }

  /** The count of an endpoint, for one instance. */
  of(endpoint: string): Upgrades {
    const count = this.#counts.get(endpoint) ?? { open: 0, used: false, holders: 0 }
    this.#counts.set(endpoint, count)
    count.holders++
    const sweep = (): void => {
      if (count.holders === 0 && count.open === 0) this.#counts.delete(endpoint)
    }
    return {
      enter(max) {
        if (count.open >= max) return false
        count.open++
        count.used = true
        return true
      },
      leave() {
        count.open--
        sweep()
      },
      release() {
        count.holders--
        sweep()
      },
    }
  }

  close(): void {
    this.#unregister()
  }

  #collect(): Sample[] {
    const samples: Sample[] = []
    for (const [endpoint, { open, used }] of this.#counts) if (used) samples.push({ labels: { endpoint }, value: open })
    return samples
  }
}
