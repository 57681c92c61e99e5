import type { Endpoint } from '../../api/endpoint.ts'
import type { Exchange } from '../../api/exchange.ts'
import type { FilterFactory } from '../../api/filter-factory.ts'
import type { Sample } from '../../api/meter.ts'
import type { LocalReply } from '../../api/reply.ts'
import type { Clock } from '../../base/clock.ts'
import type { TimerWheel } from '../../base/timer-wheel.ts'
import { Catalog } from '../../build/catalog.ts'
import { buildSnapshot, type Snapshot } from '../../build/snapshot.ts'
import type { Chain } from '../../chain/chain.ts'
import { ChainRunner } from '../../chain/chain-runner.ts'
import type { MetricReading } from '../../observe/metric-rows.ts'
import type { LoggedLine } from '../recording-logger.ts'
import { type FilterFault, RecordingRuntime } from '../recording-runtime.ts'
import { exchange } from '../test-exchange.ts'
import { asTestError, type ChainSetup, planChain } from './chain-setup.ts'
import type { FiltersUnderTest } from './filters-under-test.ts'
import { RecordingTracing } from './recording-tracing.ts'
import { checkInput, type RunInput } from './run-input.ts'
import { RunRecord } from './run-record.ts'
import { type RunResult, resultOf } from './run-result.ts'
import { patiently } from './stalled.ts'
import { TestClient } from './test-client.ts'
import { isOfKit } from './test-filters.ts'
import { TestProcess } from './test-process.ts'
import { millisecondsOf, type Span, settled } from './test-time.ts'

interface StartOptions {
  /** Gets the exchange before any filter does. */
  watch?(x: Exchange): void
  /** The request is refused with this reply before any filter sees it. */
  readonly refused?: LocalReply
  /** How long it may wait for nothing; real milliseconds. */
  readonly limitMs?: number
}

/** Filters in a chain that serves one request after another, or several at once. Made by `createChain`. */
export class TestChain {
  readonly #process: TestProcess
  readonly #runtime: RecordingRuntime
  readonly #tracing: RecordingTracing
  readonly #records = new WeakMap<Exchange, RunRecord>()
  readonly #wrapped = new Map<FilterFactory, FilterFactory>()
  #filters: FiltersUnderTest
  #setup: ChainSetup
  #endpoints: readonly Endpoint[] = []
  #live: Snapshot | undefined

  /** @internal */
  constructor(filters: FiltersUnderTest, setup: ChainSetup) {
    this.#filters = filters
    this.#setup = setup
    const { hasOwnTerminal } = this.#plan()
    this.#process = new TestProcess(setup.time ?? (hasOwnTerminal ? 'real' : 'auto'))
    const { clock, timers, log: logger, meter } = this.#process
    this.#tracing = new RecordingTracing(clock)
    this.#runtime = new RecordingRuntime({ clock, timers, logger, meter, tracing: this.#tracing })
  }

  /** The clock that the filters see. */
  get clock(): Clock {
    return this.#process.clock
  }

  /** The deadlines that the filters set; `size` says how many are pending. */
  get timers(): TimerWheel {
    return this.#process.timers
  }

  /** Every line logged since the start. */
  get logs(): readonly LoggedLine[] {
    return this.#process.log.lines
  }

  /** Every hook that failed since the start, `dispose` included. */
  get faults(): readonly FilterFault[] {
    return this.#runtime.faults()
  }

  /** What the filters said with `env.warn` at the last load. */
  get warnings(): readonly string[] {
    return this.#live?.warnings.map(({ message }) => message) ?? []
  }

  /** Every metric, now. */
  get metrics(): readonly MetricReading[] {
    return this.#process.meter.read()
  }

  /** As `RunResult.metric`, but now. */
  metric(name: string, labels?: Sample['labels']): number | undefined {
    return this.#process.meter.value(name, labels)
  }

  /**
   * Sends one request through the chain. It has begun when the call returns; several may be under way at once.
   * @throws TypeError for a key that is not known
   * @throws what the test's own `upstream` function threw
   * @throws Error if it has not ended after 10 real seconds, except where time is `real`
   */
  async run(input: RunInput = {}): Promise<RunResult> {
    return this.start(input)
  }

  /** @internal As `run`, for the rules of `conform`. */
  async start(input: RunInput, { watch, refused, limitMs }: StartOptions = {}): Promise<RunResult> {
    checkInput(input)
    const { lines } = this.#process.log
    const firstLine = lines.length
    const x = this.#exchange(input)
    const record = new RunRecord(this.#given(input), x.request.headers.clone())
    this.#records.set(x, record)
    watch?.(x)
    const ended = Promise.withResolvers<void>()
    const { abortAfter, signal } = input.request ?? {}
    const client = new TestClient(x, abortAfter === 'headers', (outcome, status, error) => {
      runner.finish({ outcome, status, error, received: 0, sent: 0 })
      x.request.body.discard()
      ended.resolve()
    })
    const runner = new ChainRunner(x, this.#chain(), this.#runtime, client)
    const leave = (): void => client.leave()
    signal?.addEventListener('abort', leave)
    const leavesLater = abortAfter !== undefined && abortAfter !== 'headers'
    const late = leavesLater ? this.timers.after(millisecondsOf(abortAfter), leave) : undefined
    if (refused === undefined) runner.start()
    else runner.replyEarly(refused)
    if (signal?.aborted) leave()
    try {
      await patiently(this.#process.time.until(ended.promise), this.#process.time.mode, record, limitMs)
    } finally {
      late?.cancel()
      signal?.removeEventListener('abort', leave)
      client.leave()
    }
    await new Promise(setImmediate)
    record.finished = this.#runtime.finished.findLast(({ exchange }) => exchange === x)
    const faults = this.#runtime.faults(x)
    const thrown = record.thrown ?? faults.find(({ filter }) => isOfKit(filter))
    if (thrown !== undefined) throw thrown.error
    const [logs, metrics] = [lines.slice(firstLine), this.metrics]
    return resultOf({ exchange: x, record, received: client.received(), logs, faults, metrics })
  }

  /** @internal Bytes came that were no request: only `log` hooks hear of it. */
  logUnparsed(): void {
    const finished = { exchange: undefined, peer: '192.0.2.1', status: 400, error: undefined, durationMs: 0 } as const
    this.#runtime.log(this.#chain().base.logs, { ...finished, outcome: 'unparsed' })
  }

  /** Lets time pass: deadlines fire, and what follows from them has happened when it resolves. */
  advance(time: Span): Promise<void> {
    return this.#process.time.advance(time)
  }

  /**
   * Loads the chain again, with what is given in the place of what was: other options, another endpoint, other filters.
   * Filters whose options are the same stay; others are created again, with the state that they share. Requests under way finish
   * on the chain that they began on.
   * @throws Error if it can't be built; what runs goes on
   */
  async reload(change: Omit<ChainSetup, 'time'> & { readonly filters?: FiltersUnderTest } = {}): Promise<void> {
    const { filters, ...setup } = change
    const before: [FiltersUnderTest, ChainSetup] = [this.#filters, this.#setup]
    const { options: _options, ...rest } = this.#setup
    // Options were for the filter that there was.
    this.#setup = { ...(filters === undefined ? this.#setup : rest), ...setup }
    this.#filters = filters ?? this.#filters
    try {
      await this.load()
    } catch (error) {
      ;[this.#filters, this.#setup] = before
      throw error
    }
  }

  /** Disposes of the filters. Requests that are under way go on. Later calls do nothing. */
  async close(): Promise<void> {
    const live = this.#live
    this.#live = undefined
    for (const chain of live?.chains.values() ?? []) await chain.release()
    await settled()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @internal */
  async load(): Promise<void> {
    const { spec, factories, endpoints } = this.#plan()
    const { shared, registry } = this.#process
    const context = {
      runtime: this.#runtime,
      catalog: new Catalog(factories.map((factory) => [factory, 'the test'] as const)),
      shared,
      services: new Map([...this.#process.services, ...(this.#setup.services ?? [])]),
      baseDir: this.#setup.baseDir ?? process.cwd(),
    }
    const old = this.#live
    const next = await buildSnapshot(spec, context, old).catch((error: unknown) => {
      throw asTestError(error)
    })
    registry.sync(endpoints)
    this.#endpoints = endpoints
    this.#live = next
    for (const chain of old?.chains.values() ?? []) await chain.release()
  }

  #plan(): ReturnType<typeof planChain> {
    return planChain(this.#filters, this.#setup, (x) => x && this.#records.get(x), this.#wrapped)
  }

  #chain(): Chain {
    const chain = this.#live?.chains.get('test')
    if (chain === undefined) throw new Error('the chain is closed')
    return chain
  }

  #exchange({ request = {}, traced = true }: RunInput): Exchange {
    const x = exchange(request, this.clock.now())
    const { headers, body } = x.request
    if (!headers.has('host')) headers.add('Host', x.downstream.host)
    if (body.length !== undefined && body.length > 0 && !headers.has('content-length'))
      headers.add('Content-Length', String(body.length))
    if (!traced) this.#tracing.skip(x)
    this.#runtime.begin(x)
    return x
  }

  #given({ endpoint, identity, slots = [], upstream }: RunInput): RunRecord['given'] {
    const found = this.#endpoints.find(({ id, name }) => endpoint === undefined || endpoint === id || endpoint === name)
    if (found === undefined) throw new TypeError(`the chain has no endpoint "${endpoint}"`)
    return {
      endpoint: found,
      identity: identity && { subject: undefined, scheme: 'test', roles: [], scopes: [], claims: {}, ...identity },
      slots,
      upstream: upstream ?? this.#setup.upstream ?? 200,
    }
  }
}

/** A chain that is ready. @throws Error if it can't be built */
export async function startChain(filters: FiltersUnderTest, setup: ChainSetup): Promise<TestChain> {
  const chain = new TestChain(filters, setup)
  await chain.load()
  return chain
}
