import { flushCompileCache } from 'node:module'
import { isatty } from 'node:tty'
import type { Settings } from '../../config/read/settings.ts'
import { systemClock } from '../base/clock.ts'
import { startTimer } from '../base/timer.ts'
import { letYoungGenerationGrow } from '../base/young-generation.ts'
import type { Catalog } from '../build/catalog.ts'
import { loadedCode } from '../build/plugin-loader.ts'
import type { GatewaySpec } from '../control/gateway-spec.ts'
import type { DescribedRequest } from '../control/router-control.ts'
import type {
  FileBytes,
  PermitAnswers,
  Prepared,
  Question,
  ServiceCall,
  ToPrimary,
  ToWorker,
} from '../fleet/messages.ts'
import { guardOrphan } from '../fleet/orphan-guard.ts'
import { processChannel } from '../fleet/process-channel.ts'
import { FIRST_SOCKET_FD, LOG_FD } from '../fleet/spawn-worker.ts'
import type { Batch } from '../fleet/values.ts'
import { type Served, WorkerEnd } from '../fleet/worker-end.ts'
import { WorkerLimits } from '../fleet/worker-limits.ts'
import { WorkerPermits } from '../fleet/worker-permits.ts'
import { WorkerStatus } from '../fleet/worker-status.ts'
import { fdDestination } from '../observe/log-destination.ts'
import { meterRegistry } from '../observe/registry-report.ts'
import { makeLogger, type RootLogger } from '../observe/root-logger.ts'
import { operateBreakers } from './breaker-operation.ts'
import { catalogOf } from './built-in.ts'
import { CHECK_DOCUMENT, type DocumentPart, problemsOf, SCHEMA, schemaOf } from './document-reports.ts'
import { activityOf } from './endpoint-activity.ts'
import { Gateway } from './gateway.ts'
import { applySettings } from './live-settings.ts'
import { OwnServices, type ToldSettings } from './own-services.ts'
import { type ProcessParts, startProcessParts } from './process-parts.ts'
import { REHEARSE, rehearseLive } from './rehearsal-report.ts'
import { answerCheck } from './remote-checks.ts'
import { remoteProbes, remoteServices, StatisticsIntakeKey } from './remote-services.ts'

/** What the primary tells a worker when it starts it, as the argument of the command `worker`. Plain JSON. */
export interface WorkerArguments {
  /** From 1. */
  readonly number: number
  /** How many workers there are. */
  readonly count: number
  /** Names of the listeners, in the order of their descriptors. */
  readonly listeners: readonly string[]
  /** How often it says that its event loop runs; milliseconds. */
  readonly beatMs: number
  /** The primary's process. */
  readonly primary: number
  /** How long its event loop may be blocked; milliseconds. */
  readonly timeoutMs: number
}

/** How long a worker that stops waits for the primary to take what it has counted; milliseconds. */
const HAND_OVER_MS = 1000

/** Runs a worker until the primary stops it, or is gone. Never resolves: the process exits. */
export async function runWorker(text: string | undefined): Promise<never> {
  if (process.send === undefined || text === undefined) throw new Error('`worker` is started by the gateway itself')
  const { number, count, listeners, beatMs, primary, timeoutMs } = JSON.parse(text) as WorkerArguments
  guardOrphan(primary, timeoutMs)
  const terminal = { isTTY: isatty(LOG_FD), noColor: !!process.env.NO_COLOR }
  const logger = makeLogger({
    level: 'info',
    destination: fdDestination(LOG_FD, true),
    base: { worker: number },
    terminal,
  })
  const sockets = new Map(listeners.map((name, i) => [name, FIRST_SOCKET_FD + i]))
  const served = new WorkerGateway(logger, { number, count }, sockets)
  served.end = new WorkerEnd(processChannel<ToWorker<ToldSettings>, ToPrimary>(process), served, {
    beatMs,
    ended: () => process.exit(0),
    exit: () => {
      served.flush()
      process.exit(1)
    },
    orphanMs: () => served.settings?.shutdown.timeoutMs ?? 0,
    onError: (error) => logger.error({ err: error }, 'a message of the primary could not be handled'),
  })
  return new Promise(() => {})
}

/** The data plane of a worker. */
class WorkerGateway implements Served<ToldSettings> {
  settings: ToldSettings | undefined
  end!: WorkerEnd<ToldSettings>
  readonly #logger: RootLogger
  readonly #own: OwnServices
  readonly #number: number
  readonly #sockets: ReadonlyMap<string, number>
  readonly #count: number
  readonly #permits: WorkerPermits
  readonly #limits: WorkerLimits
  #parts: ProcessParts | undefined
  #gateway: Gateway | undefined
  #status: WorkerStatus | undefined
  /** What others had found before there was a registry. */
  readonly #early: Batch[] = []

  constructor(
    logger: RootLogger,
    { number, count }: Pick<WorkerArguments, 'number' | 'count'>,
    sockets: ReadonlyMap<string, number>,
  ) {
    this.#logger = logger
    this.#own = new OwnServices(logger)
    this.#number = number
    this.#count = count
    this.#limits = new WorkerLimits(number, count, (name, use) => this.#status?.uses(name, use))
    this.#permits = new WorkerPermits((batch) => this.end.sendPermits(batch), count)
    this.#sockets = sockets
  }

  async load(
    { spec, settings }: { readonly spec: GatewaySpec; readonly settings: ToldSettings },
    files: FileBytes,
    commit: (prepared: Prepared) => Promise<void>,
  ): Promise<void> {
    this.#parts ??= await startProcessParts(this.#logger, settings, this.#number)
    const { about } = settings
    const isFirst = this.settings === undefined
    if (isFirst) this.#own.config.starting(about.version)
    const catalog = await catalogOf({ settings })
    this.#gateway ??= this.#makeGateway(this.#parts, catalog, settings)
    const code = loadedCode(settings.plugins, settings.baseDir)
    await this.#gateway.load(spec, { catalog, files, commit: (built) => commit({ ...built, code }) })
    applySettings(this.#gateway, { ...this.#parts, levels: this.#own.levels }, settings, this.#count)
    this.settings = settings
    for (const batch of this.#early.splice(0)) this.#status?.take(batch)
    this.#status?.loaded()
    if (!isFirst) this.#own.config.reloaded({ ...about, at: this.#parts.runtime.clock.wall() })
  }

  #makeGateway({ runtime, metrics, reports }: ProcessParts, catalog: Catalog, { baseDir }: Settings): Gateway {
    const call = (given: ServiceCall) => this.end.call(given)
    const services = new Map([...remoteServices(call), ...this.#own.byKey])
    const gateway = new Gateway({ runtime, catalog, services, baseDir, shared: this.#limits })
    reports.add(CHECK_DOCUMENT, (part) => problemsOf(part as DocumentPart, catalogOf))
    reports.add(SCHEMA, () => schemaOf(gateway.catalog))
    reports.add(REHEARSE, (request) => rehearseLive(gateway, request as DescribedRequest))
    gateway.registry.subscribe((event) => this.#own.events.emit(event))
    gateway.registry.sharedPermits = this.#permits
    gateway.registry.probeSlots = remoteProbes(call, runtime.clock)
    this.#status = new WorkerStatus(gateway.registry, (batch) => this.end.sendValues(batch), this.#limits)
    meterRegistry(gateway.registry, metrics, ['traffic'])
    return gateway
  }

  async open(): Promise<void> {
    // For those that start later; Node writes it only at the end of a process, which may be killed. It blocks for half a second where
    // there was nothing yet: so one worker does it, and before it accepts connections.
    if (this.#number === 1) flushCompileCache()
    await this.#gateway?.open(this.#sockets)
    letYoungGenerationGrow()
  }

  async answer(question: Question): Promise<unknown> {
    const registry = this.#gateway?.registry
    switch (question.kind) {
      case 'live':
        return true
      case 'rows':
        return this.#parts?.metrics.series()
      case 'start-conditions':
        return this.#gateway?.startConditions.check()
      case 'activity':
        return registry && activityOf(registry)
      case 'check':
        return registry && answerCheck(registry, question)
      case 'breakers':
        return registry && operateBreakers(registry, question)
      case 'report':
        return this.#parts?.reports.answer(question.name, question.args)
      case 'log-level':
        this.#own.levels.choose(question.level)
        return true
      case 'token-news':
        this.#own.tokens.learn(question.news, systemClock.wall())
        return true
    }
  }

  /** What it has counted since the primary asked last would end with it. */
  async #handOver(): Promise<void> {
    if (this.settings?.statistics === undefined || this.#parts === undefined) return
    const counted = await this.#parts.traffic.cut({})
    const late = Promise.withResolvers<void>()
    const timer = startTimer(HAND_OVER_MS, late.resolve)
    const call = { service: StatisticsIntakeKey.name, method: 'take', args: [counted] }
    await Promise.race([this.end.call(call).catch(() => {}), late.promise])
    timer.cancel()
  }

  take(batch: Batch): void {
    if (this.#status === undefined) this.#early.push(batch)
    else this.#status.take(batch)
  }

  taken(): void {
    this.#status?.taken()
  }

  permits(answers: PermitAnswers): void {
    this.#permits.take(answers)
  }

  orphaned(): void {
    this.#permits.closed()
  }

  flush(): void {
    this.#parts?.flush()
  }

  drain(): void {
    this.#gateway?.drain()
  }

  async stop(timeoutMs: number): Promise<boolean> {
    // What a plugin does in `dispose` must not keep the process.
    const late = startTimer(timeoutMs + 2000, () => process.exit(1))
    const clean = (await this.#gateway?.close(timeoutMs)) ?? true
    await this.#handOver()
    await this.#parts?.stop()
    late.cancel()
    return clean
  }
}
