import { startInterval, startTimer } from '../base/timer.ts'
import { BuildError, ConfigError } from '../control/config-error.ts'
import type { EndpointSpec, GatewaySpec } from '../control/gateway-spec.ts'
import type { Channel } from './channel.ts'
import { endpointsOf } from './endpoint-delta.ts'
import {
  type FileBytes,
  type PermitAnswers,
  type PermitBatch,
  PROTOCOL,
  type Prepared,
  type Question,
  type ServiceCall,
  type ToPrimary,
  type ToWorker,
} from './messages.ts'
import type { Batch } from './values.ts'

/** What a worker does; main makes one of a gateway. */
export interface Served<Settings> {
  /**
   * Builds a configuration, calls `commit` when nothing else can fail, and makes it live when that resolves. If it can't, or if
   * `commit` rejects, it rejects and changes nothing.
   * @param files what filters read in place of files
   */
  load(
    config: { readonly spec: GatewaySpec; readonly settings: Settings },
    files: FileBytes,
    commit: (prepared: Prepared) => Promise<void>,
  ): Promise<void>
  /** Opens every listener. */
  open(): Promise<void>
  /** Plain data. Never rejects. */
  answer(question: Question): Promise<unknown>
  /** What others have found. */
  take(batch: Batch): void
  /** The primary has taken the last batch. */
  taken(): void
  /** What the primary says of permits. */
  permits(answers: PermitAnswers): void
  /** The primary is gone: requests go on, and nobody answers any more. */
  orphaned(): void
  drain(): void
  /** Stops everything. False if requests had to be cut. */
  stop(timeoutMs: number): Promise<boolean>
}

/** Options of a worker's end. */
export interface WorkerEndOptions {
  /** How often it says that its event loop runs; milliseconds. */
  readonly beatMs: number
  /** Called when it is stopped, or when the primary is gone and the last request is over. */
  ended(): void
  /** Ends the process at once. */
  exit(): void
  /** How long requests may take when the primary is gone; milliseconds. */
  orphanMs(): number
  /** A message that can't be handled: a fault of Weir. */
  onError(error: unknown): void
}

class AbortedError extends Error {}

/** The worker's end of the channel: does what the primary asks. */
export class WorkerEnd<Settings> {
  readonly #channel: Channel<ToWorker<Settings>, ToPrimary>
  readonly #served: Served<Settings>
  readonly #options: WorkerEndOptions
  /** Endpoints of the configuration that is live. */
  #endpoints: readonly EndpointSpec[] = []
  /** What is waited for: whether a load is to be used. One may be decided before it begins. */
  readonly #decisions = new Map<number, PromiseWithResolvers<boolean>>()
  /** Loads run one after the other. */
  #loading: Promise<void> = Promise.resolve()
  #stopping = false
  readonly #calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  #callCount = 0

  constructor(channel: Channel<ToWorker<Settings>, ToPrimary>, served: Served<Settings>, options: WorkerEndOptions) {
    this.#channel = channel
    this.#served = served
    this.#options = options
    channel.onMessage((message) => void this.#take(message).catch((error: unknown) => options.onError(error)))
    const beat = startInterval(options.beatMs, () => void channel.send({ type: 'beat' }))
    channel.onClose(() => {
      beat.cancel()
      for (const { reject } of this.#calls.values()) reject(new Error('the primary is gone'))
      // Nobody decides about a load any more.
      for (const { resolve } of this.#decisions.values()) resolve(false)
      served.orphaned()
      void this.#leave(options.orphanMs())
    })
    channel.sendAlways({ type: 'hello', protocol: PROTOCOL })
  }

  /** False: they could not be sent. */
  sendValues(batch: Batch): boolean {
    return this.#channel.send({ type: 'values', batch })
  }

  /** False: it could not be sent. */
  sendPermits(batch: PermitBatch): boolean {
    return this.#channel.send({ type: 'permits', ...batch })
  }

  /** Calls a service of the primary. */
  call(call: ServiceCall): Promise<unknown> {
    const id = ++this.#callCount
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject })
      if (this.#channel.send({ type: 'call', id, ...call })) return
      this.#calls.delete(id)
      reject(new Error('the primary can not be reached'))
    })
  }

  async #take(message: ToWorker<Settings>): Promise<void> {
    switch (message.type) {
      case 'prepare':
        this.#decisions.set(message.load, Promise.withResolvers())
        this.#loading = this.#loading.then(() => this.#prepare(message))
        return this.#loading
      case 'commit':
      case 'abort':
        return this.#decisions.get(message.load)?.resolve(message.type === 'commit')
      case 'open': {
        const error = await this.#served.open().then(
          () => undefined,
          ({ message: text }: Error) => text,
        )
        return void this.#channel.sendAlways({ type: 'opened', error })
      }
      case 'ask':
        return void this.#channel.sendAlways({
          type: 'reply',
          id: message.id,
          value: await this.#served.answer(message.question),
        })
      case 'values':
        this.#served.take(message.batch)
        return void this.#channel.sendAlways({ type: 'values-taken' })
      case 'values-taken':
        return this.#served.taken()
      case 'permits':
        return this.#served.permits(message)
      case 'returned': {
        const call = this.#calls.get(message.id)
        this.#calls.delete(message.id)
        if (message.error === undefined) return call?.resolve(message.value)
        return call?.reject(new Error(message.error))
      }
      case 'drain':
        return this.#served.drain()
      case 'exit':
        return this.#options.exit()
      case 'stop':
        return this.#leave(message.timeoutMs)
    }
  }

  async #prepare(message: Extract<ToWorker<Settings>, { type: 'prepare' }>): Promise<void> {
    const { load, listeners, settings } = message
    const decided = this.#decisions.get(load)!
    try {
      const endpoints = endpointsOf(message.endpoints, this.#endpoints)
      await this.#served.load({ spec: { listeners, endpoints }, settings }, message.files, async (prepared) => {
        this.#channel.sendAlways({ type: 'prepared', load, ...prepared })
        if (!(await decided.promise)) throw new AbortedError('the configuration is not to be used')
      })
      this.#endpoints = endpoints
      this.#channel.sendAlways({ type: 'committed', load })
    } catch (error) {
      if (error instanceof AbortedError) return
      const problems =
        error instanceof ConfigError
          ? error.problems
          : [{ path: [], message: error instanceof Error ? error.message : String(error) }]
      this.#channel.sendAlways({
        type: 'refused',
        load,
        problems,
        read: error instanceof BuildError ? error.files : [],
      })
    } finally {
      this.#decisions.delete(load)
    }
  }

  async #leave(timeoutMs: number): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    const clean = await this.#served.stop(timeoutMs).catch(() => false)
    this.#channel.sendAlways({ type: 'stopped', clean })
    // The message is written first.
    startTimer(0, () => this.#options.ended())
  }
}
