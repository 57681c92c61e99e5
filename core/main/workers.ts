import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { LoadedConfig } from '../../config/live/config-loader.ts'
import type { WorkerSettings } from '../../config/read/settings.ts'
import type { ServiceKey } from '../api/service.ts'
import { systemClock } from '../base/clock.ts'
import { errorText } from '../base/error-text.ts'
import { packageFile } from '../base/package-file.ts'
import type { BreakerView, EndpointActivity } from '../control/endpoint-control.ts'
import type { LogLevel } from '../control/log-control.ts'
import type { PluginCode } from '../control/plugin-code.ts'
import type { Reports } from '../control/reports.ts'
import type { TokenNews } from '../control/tokens.ts'
import { Fleet } from '../fleet/fleet.ts'
import type { FleetEvents, FleetOptions } from '../fleet/fleet-options.ts'
import { FleetPermits } from '../fleet/fleet-permits.ts'
import { FleetStatus } from '../fleet/fleet-status.ts'
import { HeldSockets } from '../fleet/held-sockets.ts'
import type { Member } from '../fleet/member.ts'
import type { BreakerOperation, Load, ToPrimary } from '../fleet/messages.ts'
import { spawnWorker } from '../fleet/spawn-worker.ts'
import type { EndpointRegistry } from '../state/registry.ts'
import { makeCompileCache } from './compile-cache.ts'
import { mergeActivity, mergeBreakers } from './endpoint-activity.ts'
import type { LoadAbout, OwnServices, ToldSettings } from './own-services.ts'
import { RemoteChecks } from './remote-checks.ts'
import { callService } from './remote-services.ts'
import { routing } from './served-parts.ts'
import { TokenNewsSender } from './token-news-sender.ts'
import type { WorkerArguments } from './worker.ts'
import { defaultHeap } from './worker-count.ts'

const MIB = 1024 ** 2
/** Messages of a worker per time limit that show that it runs. */
const BEATS = 8
/** A worker whose primary was killed lets go of its sockets at once, or is killed after its timeout and this; milliseconds. */
const ORPHAN_MORE_MS = 2000
/** Bytes of workers' output that wait for a slow reader of the primary's. */
const OUTPUT_LIMIT = 1024 * 1024
/** How long a worker may take to set the level of its log; milliseconds. */
const LEVEL_MS = 2000

type FleetParts = Pick<FleetOptions<ToldSettings>, 'clock' | 'log'>

/** What workers of this process are part of. */
interface Served {
  readonly registry: EndpointRegistry
  readonly services: ReadonlyMap<ServiceKey<unknown>, unknown>
  readonly own: OwnServices
  readonly status: FleetStatus
  readonly permits: FleetPermits
}

/** The workers of this gateway, with their sockets. */
export class Workers implements FleetEvents<ToldSettings> {
  readonly fleet: Fleet<ToldSettings>
  readonly count: number
  readonly #sockets: HeldSockets
  /** Called when a worker has become ready. */
  onReady: () => void = () => {}
  /** Those that can be talked to, and have not ended. */
  readonly #greeted = new Set<Member<ToldSettings>>()
  readonly #serving = new Set<Member<ToldSettings>>()
  readonly #news = new TokenNewsSender<Member<ToldSettings>>(() => this.#served.own.tokens.all)
  readonly #checks = new RemoteChecks(() => this.fleet)
  #served!: Served
  #loads = 0

  private constructor(count: number, { timeoutMs, maxHeap }: WorkerSettings, sockets: HeldSockets, parts: FleetParts) {
    this.#sockets = sockets
    this.count = count
    const heap = `--max-old-space-size=${Math.floor((maxHeap ?? defaultHeap(count)) / MIB)}`
    const script = fileURLToPath(packageFile('core/launch.js'))
    const cache = makeCompileCache()
    let unread = false
    process.stderr.on('error', () => {
      unread = true
    })
    const spawn = (number: number) => {
      const told: WorkerArguments = {
        number,
        count,
        listeners: sockets.names,
        beatMs: timeoutMs / BEATS,
        primary: process.pid,
        timeoutMs,
      }
      return spawnWorker<ToldSettings>({
        args: [heap, script, 'worker', JSON.stringify(told)],
        // What one worker has compiled the next need not compile: half of the time until it is ready.
        env: { ...process.env, ...(cache && { NODE_COMPILE_CACHE: cache }) },
        log: 1,
        sockets: sockets.descriptors,
        output: (bytes) => {
          if (!unread && process.stderr.writableLength < OUTPUT_LIMIT) process.stderr.write(bytes)
        },
      })
    }
    this.fleet = new Fleet<ToldSettings>({
      count,
      startsAtOnce: Math.max(2, availableParallelism()),
      timeoutMs,
      spawn,
      events: this,
      ...parts,
    })
  }

  /** Binds the sockets of the listeners that lead to endpoints. No worker runs yet. */
  static async hold(count: number, { spec, settings }: LoadedConfig, parts: FleetParts): Promise<Workers> {
    const sockets = await HeldSockets.bind(
      spec.listeners.filter(({ routes }) => routes),
      {
        waitMs: settings.workers.timeoutMs + ORPHAN_MORE_MS,
        told: ({ name, port }) =>
          parts.log.warn(
            { listener: name, port },
            `port ${port} is in use: a worker of a gateway that was killed may still hold it, or another program does. Trying again for a while`,
          ),
      },
    )
    return new Workers(count, settings.workers, sockets, parts)
  }

  /** Before the first load: what workers tell and ask is for these. */
  serve(registry: EndpointRegistry, services: ReadonlyMap<ServiceKey<unknown>, unknown>, own: OwnServices): void {
    const status = new FleetStatus(registry, systemClock)
    this.#served = { registry, services, own, status, permits: new FleetPermits() }
  }

  /** The registry has other endpoints now. */
  loaded(): void {
    this.#served.status.loaded()
    this.#checks.offer(this.#served.registry)
  }

  /** What workers are told to load. */
  loadOf({ spec, settings }: Pick<LoadedConfig, 'spec' | 'settings'>, about: LoadAbout): Load<ToldSettings> {
    return { id: ++this.#loads, spec: routing(spec), settings: { ...settings, about } }
  }

  address(name: string): ReturnType<HeldSockets['address']> {
    return this.#sockets.address(name)
  }

  /** The code of plugins that each worker runs, by number. */
  get code(): ReadonlyMap<number, PluginCode> {
    return new Map(Array.from(this.#serving, ({ number, link }) => [number, link.code]))
  }

  /** What the traffic of all workers did, by endpoint. */
  async activity(): Promise<ReadonlyMap<string, EndpointActivity>> {
    const answers = await this.fleet.ask({ kind: 'activity' })
    return mergeActivity(answers.values() as Iterable<ReadonlyMap<string, EndpointActivity>>)
  }

  /** Whether one serves, and whether what filters need before traffic makes sense is there in all that do. */
  async conditions(): Promise<Readonly<Record<string, boolean>>> {
    const all: Record<string, boolean> = {}
    for (const answer of (await this.fleet.ask({ kind: 'start-conditions' })).values())
      for (const [name, holds] of Object.entries(answer as Record<string, boolean>))
        all[name] = (all[name] ?? true) && holds
    return { ...all, workers: this.fleet.ready > 0 }
  }

  /** What all workers tell of themselves. */
  readonly reports: Reports = {
    ask: async (name, args) => [...(await this.fleet.ask({ kind: 'report', name, args })).values()],
  }

  /** What one of them tells of itself; undefined: none does within that time. @param ms milliseconds */
  async reportOfOne(name: string, args: unknown, ms: number): Promise<unknown> {
    return this.fleet.lowest?.link.ask({ kind: 'report', name, args }, ms)
  }

  /** Trips or resets breakers in all of them. See `operateBreakers`. */
  async operateBreakers(operation: BreakerOperation): Promise<readonly BreakerView[] | undefined> {
    if (this.#served.registry.get(operation.endpoint) === undefined) return undefined
    const answers = await this.fleet.ask({ kind: 'breakers', ...operation })
    const all = [...answers.values()] as (readonly BreakerView[])[]
    return all.length === 0 ? [] : all.reduce(mergeBreakers)
  }

  /** Sets the level of the log of all workers, also of those that are about to be ready. */
  async setLogLevel(level: LogLevel): Promise<void> {
    await Promise.all([...this.#greeted].map(({ link }) => link.ask({ kind: 'log-level', level }, LEVEL_MS)))
  }

  /** Tells all workers, also those that are about to be ready, of the gateway's own tokens. Rejects if one does not confirm it in time. */
  tellTokens(news: TokenNews): Promise<void> {
    return this.#news.tell(news)
  }

  /** Nobody accepts connections any more, but what workers have accepted goes on. */
  async stop(timeoutMs: number): Promise<boolean> {
    this.#sockets.close()
    return this.fleet.stop(timeoutMs)
  }

  greeted(member: Member<ToldSettings>): void {
    this.#greeted.add(member)
    const { chosen } = this.#served.own.levels
    // Before it is told to load.
    if (chosen !== undefined) void member.link.ask({ kind: 'log-level', level: chosen }, LEVEL_MS)
    this.#news.joined(member)
    this.#served.status.greeted(member as Member<unknown>)
    this.#served.permits.greeted(member as Member<unknown>)
  }

  opened(member: Member<ToldSettings>): void {
    this.#serving.add(member)
    this.#tell('worker_started', member)
    this.onReady()
  }

  gone(member: Member<ToldSettings>): void {
    this.#greeted.delete(member)
    this.#news.left(member)
    if (this.#serving.delete(member)) this.#tell('worker_ended', member)
    this.#served.status.gone(member as Member<unknown>)
    this.#served.permits.gone(member as Member<unknown>)
  }

  #tell(type: 'worker_started' | 'worker_ended', { number: worker }: Member<ToldSettings>): void {
    this.#served.own.events.emit({ type, at: systemClock.wall(), worker })
  }

  said(from: Member<ToldSettings>, message: ToPrimary): void {
    const { status, permits, services } = this.#served
    const member = from as Member<unknown>
    if (message.type === 'values-taken') status.taken(member)
    else if (message.type === 'values') {
      status.take(member, message.batch)
      member.link.valuesTaken()
    } else if (message.type === 'permits') permits.take(member, message)
    else if (message.type === 'call')
      void callService(services, message, status.probes).then(
        (value) => member.link.returned(message.id, value, undefined),
        (error: unknown) => member.link.returned(message.id, undefined, errorText(error)),
      )
  }
}
