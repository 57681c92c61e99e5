import type { Meter, Sample } from '../../core/index.ts'

/** The open upgrades of one endpoint, each counted from its handshake to the end of its tunnel or of its refusal. */
export interface Upgrades {
  /** Counts one more; false, and not counted, if there are `max` already. */
  enter(max: number): boolean
  /** One that entered is over. */
  leave(): void
  /** The instance that asked for the count is disposed of. Those that entered still leave. */
  release(): void
}

interface Count {
  open: number
  used: boolean
  /** How many instances count here; during a reload the old and the new one do. */
  holders: number
}

/**
 * The open upgrades of every endpoint in the process, and the gauge `weir_upgrades_active{endpoint}`. A count lasts as long
 * as an instance has its endpoint or a tunnel is open: it is exact across reloads, those too that take an endpoint away and
 * bring it back.
 */
export class UpgradeCounts {
  readonly #counts = new Map<string, Count>()
  readonly #unregister: () => void

  constructor(meter: Meter) {
    this.#unregister = meter.register({
      name: 'weir_upgrades_active',
      help: 'Connections that have switched protocols or are about to, by endpoints that have had any.',
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
