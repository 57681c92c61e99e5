import { type Deadline, startTimer } from '../base/timer.ts'
import type { EndpointSpec } from '../control/gateway-spec.ts'
import type { PluginCode } from '../control/plugin-code.ts'
import type { Channel } from './channel.ts'
import { deltaOf } from './endpoint-delta.ts'
import {
  type FileBytes,
  type Load,
  type PermitAnswers,
  PROTOCOL,
  type Prepared,
  type Question,
  type Refused,
  type ToPrimary,
  type ToWorker,
} from './messages.ts'
import type { Batch } from './values.ts'

/** The worker is gone, and took what was asked of it along. */
export class WorkerGoneError extends Error {
  constructor(number: number) {
    super(`worker ${number} ended`)
    this.name = 'WorkerGoneError'
  }
}

/** What a worker did with a configuration. */
export type Outcome = ({ readonly ok: true } & Prepared) | ({ readonly ok: false } & Refused)

interface Reply {
  resolve(message: ToPrimary): void
  reject(error: Error): void
}

/**
 * A worker as the primary sees it: its messages become promises, which reject with a WorkerGoneError once it is gone. It is told to
 * load one configuration at a time; its caller sees to that.
 */
export class WorkerLink<Settings> {
  /** From 1; a replaced worker's number goes to its successor. */
  readonly number: number
  /** Resolves when it speaks this version's messages; rejects with what it speaks instead. */
  readonly greeted: Promise<void>
  /** Resolves when the worker is gone. */
  readonly gone: Promise<void>
  readonly #channel: Channel<ToPrimary, ToWorker<Settings>>
  readonly #unasked: (message: ToPrimary) => void
  readonly #replies = new Map<string, Reply>()
  #isGone = false
  #questions = 0
  /** The configuration that it runs. */
  #live: Load<Settings> | undefined
  #code: PluginCode = new Map()
  /** Code of the configuration that it has prepared last. */
  #prepared: PluginCode = new Map()
  /** Endpoints that it has, as this process knows them. */
  #endpoints: readonly EndpointSpec[] = []

  /** @param unasked gets the messages that are no replies */
  constructor(
    number: number,
    channel: Channel<ToPrimary, ToWorker<Settings>>,
    unasked: (message: ToPrimary) => void = () => {},
  ) {
    this.number = number
    this.#channel = channel
    this.#unasked = unasked
    const gone = Promise.withResolvers<void>()
    this.gone = gone.promise
    channel.onClose(() => {
      this.#isGone = true
      for (const reply of this.#replies.values()) reply.reject(new WorkerGoneError(number))
      this.#replies.clear()
      gone.resolve()
    })
    this.greeted = this.#replyTo('hello').then((message) => {
      const { protocol } = message as { protocol: number }
      if (protocol !== PROTOCOL)
        throw new Error(`worker ${number} is of another version of Weir: the package was replaced. Restart the gateway`)
    })
    this.greeted.catch(() => {})
    channel.onMessage((message) => this.#take(message))
  }

  get live(): Load<Settings> | undefined {
    return this.#live
  }

  /** The code of plugins that it runs. */
  get code(): PluginCode {
    return this.#code
  }

  /** Lets it build a configuration, which then waits. @param files what its filters read in place of files */
  async prepare(load: Load<Settings>, files: FileBytes): Promise<Outcome> {
    const { listeners, endpoints } = load.spec
    const known = this.#endpoints
    this.#send({
      type: 'prepare',
      load: load.id,
      listeners,
      endpoints: deltaOf(endpoints, known),
      settings: load.settings,
      files,
    })
    const message = await this.#replyTo(`load ${load.id}`)
    if (message.type === 'prepared') {
      this.#prepared = message.code
      return { ok: true, ...message }
    }
    return { ok: false, ...(message as { type: 'refused' } & Refused) }
  }

  /** Makes the configuration live that is prepared. Resolves when it is. */
  async commit(load: Load<Settings>): Promise<void> {
    this.#send({ type: 'commit', load: load.id })
    const message = await this.#replyTo(`commit ${load.id}`)
    if (message.type !== 'committed') throw new Error(`worker ${this.number} could not commit what it had prepared`)
    this.#live = load
    this.#code = this.#prepared
    this.#endpoints = load.spec.endpoints
  }

  /** Drops the configuration that is prepared, or still being prepared. */
  abort(load: Load<Settings>): void {
    this.#send({ type: 'abort', load: load.id })
  }

  /** Lets it accept connections. Rejects if it can't. */
  async open(): Promise<void> {
    this.#send({ type: 'open' })
    const { error } = (await this.#replyTo('opened')) as { error?: string }
    if (error !== undefined) throw new Error(error)
  }

  /**
   * The answer to a question; undefined if it is gone, or does not answer in time.
   * @param timeoutMs milliseconds
   */
  async ask(question: Question, timeoutMs: number): Promise<unknown> {
    const id = ++this.#questions
    const key = `reply ${id}`
    let timer: Deadline | undefined
    try {
      if (!this.#channel.send({ type: 'ask', id, question })) return undefined
      const late = new Promise<undefined>((resolve) => {
        timer = startTimer(timeoutMs, () => resolve(undefined))
      })
      const message = await Promise.race([this.#replyTo(key), late])
      return (message as { value: unknown } | undefined)?.value
    } catch {
      return undefined
    } finally {
      timer?.cancel()
      this.#replies.delete(key)
    }
  }

  /** False: they could not be sent. */
  sendValues(batch: Batch): boolean {
    return this.#channel.send({ type: 'values', batch })
  }

  /** It may send further values. */
  valuesTaken(): void {
    this.#send({ type: 'values-taken' })
  }

  sendPermits(answers: PermitAnswers): void {
    this.#send({ type: 'permits', ...answers })
  }

  /** What a service of the primary returned. */
  returned(id: number, value: unknown, error: string | undefined): void {
    this.#send({ type: 'returned', id, value, error })
  }

  /** From now on its responses say `Connection: close`. */
  drain(): void {
    this.#send({ type: 'drain' })
  }

  /** Lets it write its log and exit, whatever it does. */
  exit(): void {
    this.#send({ type: 'exit' })
  }

  /** Stops it. Resolves to false if requests had to be cut; rejects if it is gone. @param timeoutMs milliseconds */
  async stop(timeoutMs: number): Promise<boolean> {
    this.#send({ type: 'stop', timeoutMs })
    return ((await this.#replyTo('stopped')) as { clean: boolean }).clean
  }

  #send(message: ToWorker<Settings>): void {
    this.#channel.sendAlways(message)
  }

  #replyTo(key: string): Promise<ToPrimary> {
    return new Promise((resolve, reject) => {
      if (this.#isGone) reject(new WorkerGoneError(this.number))
      else this.#replies.set(key, { resolve, reject })
    })
  }

  #take(message: ToPrimary): void {
    for (const key of keysOf(message)) {
      const reply = this.#replies.get(key)
      if (reply === undefined) continue
      this.#replies.delete(key)
      return reply.resolve(message)
    }
    this.#unasked(message)
  }
}

/** What a message may reply to. */
function keysOf(message: ToPrimary): readonly string[] {
  switch (message.type) {
    case 'prepared':
      return [`load ${message.load}`]
    case 'refused':
      return [`load ${message.load}`, `commit ${message.load}`]
    case 'committed':
      return [`commit ${message.load}`]
    case 'reply':
      return [`reply ${message.id}`]
    default:
      return [message.type]
  }
}
