import { isatty } from 'node:tty'
import type { Settings } from '../../config/read/settings.ts'
import { startTimer } from '../base/timer.ts'
import type { GatewaySpec } from '../control/gateway-spec.ts'
import type { FileBytes, Prepared, ToPrimary, ToWorker } from '../fleet/messages.ts'
import { processChannel } from '../fleet/process-channel.ts'
import { FIRST_SOCKET_FD, LOG_FD } from '../fleet/spawn-worker.ts'
import { type Served, WorkerEnd } from '../fleet/worker-end.ts'
import { fdDestination } from '../observe/log-destination.ts'
import { makeLogger, type RootLogger } from '../observe/root-logger.ts'
import { catalogOf } from './built-in.ts'
import { Gateway } from './gateway.ts'
import { applySettings } from './live-settings.ts'
import { type ProcessParts, startProcessParts } from './process-parts.ts'
import { WORKER_SERVICES } from './services.ts'

/** What the primary tells a worker when it starts it, as the argument of the command `worker`. Plain JSON. */
export interface WorkerArguments {
  /** From 1. */
  readonly number: number
  /** Names of the listeners, in the order of their descriptors. */
  readonly listeners: readonly string[]
  /** How often it says that its event loop runs; milliseconds. */
  readonly beatMs: number
}

/** Runs a worker until the primary stops it, or is gone. Never resolves: the process exits. */
export async function runWorker(text: string | undefined): Promise<never> {
  if (process.send === undefined || text === undefined) throw new Error('`worker` is started by the gateway itself')
  const { number, listeners, beatMs } = JSON.parse(text) as WorkerArguments
  const terminal = { isTTY: isatty(LOG_FD), noColor: !!process.env.NO_COLOR }
  const logger = makeLogger({
    level: 'info',
    destination: fdDestination(LOG_FD, true),
    base: { worker: number },
    terminal,
  })
  const sockets = new Map(listeners.map((name, i) => [name, FIRST_SOCKET_FD + i]))
  const served = new WorkerGateway(logger, number, sockets)
  new WorkerEnd(processChannel<ToWorker<Settings>, ToPrimary>(process), served, {
    beatMs,
    ended: () => process.exit(0),
    orphanMs: () => served.settings?.shutdown.timeoutMs ?? 0,
    onError: (error) => logger.error({ err: error }, 'a message of the primary could not be handled'),
  })
  return new Promise(() => {})
}

/** The data plane of a worker. */
class WorkerGateway implements Served<Settings> {
  settings: Settings | undefined
  readonly #logger: RootLogger
  readonly #number: number
  readonly #sockets: ReadonlyMap<string, number>
  #parts: ProcessParts | undefined
  #gateway: Gateway | undefined

  constructor(logger: RootLogger, number: number, sockets: ReadonlyMap<string, number>) {
    this.#logger = logger
    this.#number = number
    this.#sockets = sockets
  }

  async load(
    { spec, settings }: { readonly spec: GatewaySpec; readonly settings: Settings },
    files: FileBytes,
    commit: (prepared: Prepared) => Promise<void>,
  ): Promise<void> {
    this.#parts ??= await startProcessParts(this.#logger, settings, this.#number)
    const { runtime } = this.#parts
    const catalog = await catalogOf({ settings })
    this.#gateway ??= new Gateway({ runtime, catalog, services: WORKER_SERVICES, baseDir: settings.baseDir })
    await this.#gateway.load(spec, { catalog, files, commit })
    applySettings(this.#gateway, this.#parts, settings)
    this.settings = settings
  }

  async open(): Promise<void> {
    await this.#gateway?.open(this.#sockets)
  }

  async answer(question: string): Promise<unknown> {
    return question === 'metrics' ? this.#parts?.metrics.rows() : true
  }

  drain(): void {
    this.#gateway?.drain()
  }

  async stop(timeoutMs: number): Promise<boolean> {
    // What a plugin does in `dispose` must not keep the process.
    const late = startTimer(timeoutMs + 2000, () => process.exit(1))
    const clean = (await this.#gateway?.close(timeoutMs)) ?? true
    await this.#parts?.stop()
    late.cancel()
    return clean
  }
}
