import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { LoadedConfig } from '../../config/live/config-loader.ts'
import type { Settings } from '../../config/read/settings.ts'
import type { Clock } from '../base/clock.ts'
import { packageFile } from '../base/package-file.ts'
import type { GatewaySpec } from '../control/gateway-spec.ts'
import { Fleet } from '../fleet/fleet.ts'
import { HeldSockets } from '../fleet/held-sockets.ts'
import type { Load } from '../fleet/messages.ts'
import { spawnWorker } from '../fleet/spawn-worker.ts'
import type { RootLogger } from '../observe/root-logger.ts'
import type { WorkerArguments } from './worker.ts'

/** Most that `auto` starts. */
const MOST_BY_ITSELF = 8
/** Messages of a worker per time limit that show that it runs. */
const BEATS = 8
/** Bytes of workers' output that wait for a slow reader of the primary's. */
const OUTPUT_LIMIT = 1024 * 1024

/** Number of workers: the variable `WEIR_WORKERS` wins over the file. @throws Error for a value that is no number of workers */
export function workerCount({ workers }: Settings, env: NodeJS.ProcessEnv): number {
  const given = env.WEIR_WORKERS
  if (given !== undefined && given !== '' && given !== 'auto' && !/^[1-9]\d{0,2}$/.test(given))
    throw new Error(`WEIR_WORKERS is "${given.slice(0, 40)}"; expected "auto", or a number of workers, 1 or more`)
  const count = given === undefined || given === '' ? workers.count : given
  return count === 'auto' ? Math.min(availableParallelism(), MOST_BY_ITSELF) : Number(count)
}

/** The workers of this gateway, with their sockets. */
export class Workers {
  readonly fleet: Fleet<Settings>
  readonly #sockets: HeldSockets
  #loads = 0

  private constructor(fleet: Fleet<Settings>, sockets: HeldSockets) {
    this.fleet = fleet
    this.#sockets = sockets
  }

  /** Binds the sockets of the listeners that lead to endpoints. No worker runs yet. */
  static async hold(count: number, config: LoadedConfig, logger: RootLogger, clock: Clock): Promise<Workers> {
    const { timeoutMs, maxHeap } = config.settings.workers
    const sockets = await HeldSockets.bind(config.spec.listeners.filter(({ routes }) => routes))
    const script = fileURLToPath(packageFile('core/launch.js'))
    const heap = maxHeap ?? undefined
    const fleet = new Fleet<Settings>({
      count,
      timeoutMs,
      clock,
      log: logger,
      spawn: (number) => {
        const told: WorkerArguments = { number, listeners: sockets.names, beatMs: timeoutMs / BEATS }
        return spawnWorker({
          args: [
            ...(heap === undefined ? [] : [`--max-old-space-size=${Math.floor(heap / 1024 ** 2)}`]),
            script,
            'worker',
            JSON.stringify(told),
          ],
          env: process.env,
          log: 1,
          sockets: sockets.descriptors,
          output: (bytes) => {
            if (process.stderr.writableLength < OUTPUT_LIMIT) process.stderr.write(bytes)
          },
        })
      },
    })
    return new Workers(fleet, sockets)
  }

  /** What workers are told to load. */
  loadOf({ spec, settings }: Pick<LoadedConfig, 'spec' | 'settings'>): Load<Settings> {
    return { id: ++this.#loads, spec: routing(spec), settings }
  }

  address(name: string): ReturnType<HeldSockets['address']> {
    return this.#sockets.address(name)
  }

  /** Nobody accepts connections any more, but what workers have accepted goes on. */
  async stop(timeoutMs: number): Promise<boolean> {
    this.#sockets.close()
    return this.fleet.stop(timeoutMs)
  }
}

/** The part of a configuration that workers serve. */
const routing = ({ listeners, endpoints }: GatewaySpec): GatewaySpec => ({
  listeners: listeners.filter(({ routes }) => routes),
  endpoints,
})

/** The part that the primary serves itself. */
export const notRouting = ({ listeners, endpoints }: GatewaySpec): GatewaySpec => ({
  listeners: listeners.filter(({ routes }) => !routes),
  endpoints,
})
