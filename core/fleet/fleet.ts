import { type Deadline, sleep, startTimer } from '../base/timer.ts'
import { BuildError } from '../control/config-error.ts'
import { firstWorker } from './first-worker.ts'
import type { FleetOptions } from './fleet-options.ts'
import { Member } from './member.ts'
import type { Load, Prepared, Question } from './messages.ts'
import { type Current, prepareAll } from './prepare-all.ts'
import { RestartPolicy } from './restart-policy.ts'
import { watchSilence } from './silence.ts'
import { Turns } from './turns.ts'
import { WorkerGoneError } from './worker-link.ts'

/** How long a worker may take to answer a question, or to commit; milliseconds. */
const ANSWER_MS = 2000
const COMMIT_MS = 5000
/** What a worker gets to write its log; milliseconds. */
const EXIT_MS = 100
/** How long a load waits for a worker where none runs: longer than the longest pause before one is replaced; milliseconds. */
const NOBODY_MS = 15_000

/**
 * The workers, as the primary sees them: starts them, replaces those that end, and keeps all of them on one configuration. A load is
 * prepared by one worker, which reads files, then by all others with the same bytes, and committed by all if none refuses. Workers
 * that start meanwhile wait for the end of the load.
 */
export class Fleet<Settings> {
  readonly #options: FleetOptions<Settings>
  readonly #members = new Map<number, Member<Settings>>()
  readonly #turns = new Turns()
  readonly #stop = new AbortController()
  #current: Current<Settings> | undefined
  #watch: Deadline | undefined
  #draining = false
  /** Why a worker could not accept connections. */
  #closed: Error | undefined
  /** Called when a worker has greeted. */
  #arrived: (() => void)[] = []

  constructor(options: FleetOptions<Settings>) {
    this.#options = options
  }

  /** Number of workers that serve requests. */
  get ready(): number {
    return [...this.#members.values()].filter(({ readySince }) => readySince !== undefined).length
  }

  /** Digests of the files that filters have read, by absolute path. */
  get files(): ReadonlyMap<string, string> {
    return this.#current?.prepared.files ?? new Map()
  }

  /**
   * Starts the workers with a configuration. Resolves when each is ready, or has failed once and is being replaced.
   * @throws ConfigError if the configuration can't be used, Error if workers end before they are ready, or none can listen
   */
  async start(load: Load<Settings>): Promise<Prepared> {
    this.#watch = watchSilence(() => this.#members.values(), this.#options)
    const start = {
      spawn: () => this.#spawn(1),
      pause: (ms: number) => sleep(ms, this.#stop.signal),
      log: this.#options.log,
    }
    const started = this.#turns.alone(async () => {
      const { member, prepared } = await firstWorker(start, load)
      this.#current = { load, prepared, files: prepared.read }
      await this.#commit(member, load)
      return { member, prepared }
    })
    // They start beside it, and wait until it is ready.
    let number = 1
    const joined = Array.from({ length: this.#options.startsAtOnce }, async () => {
      while (++number <= this.#options.count && !this.#stop.signal.aborted) await this.#keep(this.#spawn(number))
    })
    try {
      const { member, prepared } = await started
      await Promise.all([...joined, this.#keep(member)])
      if (this.ready === 0 && this.#closed !== undefined) throw this.#closed
      return prepared
    } catch (error) {
      this.kill()
      throw error
    }
  }

  /**
   * Makes a configuration live in all workers, or in none. Loads run one after another.
   * @param commit called when nothing else can fail; if it rejects, nothing changes
   */
  load(load: Load<Settings>, commit?: () => Promise<void>): Promise<Prepared> {
    return this.#turns.alone(async () => {
      const { taking, ...current } = await prepareAll(await this.#greeted(), load, this.#current?.files, commit)
      // From here on nothing turns back: who can't follow is replaced.
      this.#current = current
      await Promise.all(taking.map((member) => this.#commit(member, load).then(() => this.#open(member))))
      return current.prepared
    })
  }

  /** What the workers answer that serve requests, each with its process. Those that don't in time are left out. Never rejects. */
  async ask(question: Question): Promise<ReadonlyMap<Member<Settings>, unknown>> {
    const members = [...this.#members.values()].filter(({ opened }) => opened)
    const answers = await Promise.all(members.map(({ link }) => link.ask(question, ANSWER_MS)))
    return new Map(
      members.map((member, i) => [member, answers[i]] as const).filter(([, answer]) => answer !== undefined),
    )
  }

  /** The worker with the lowest number that serves requests. */
  get lowest(): Member<Settings> | undefined {
    return [...this.#members.values()]
      .filter(({ opened, isGone }) => opened && !isGone)
      .toSorted((a, b) => a.number - b.number)[0]
  }

  /** From now on responses say `Connection: close`. */
  drain(): void {
    this.#draining = true
    for (const { link } of this.#members.values()) link.drain()
  }

  /** Stops every worker. False if requests had to be cut. @param timeoutMs how long those in flight may take; milliseconds */
  async stop(timeoutMs: number): Promise<boolean> {
    this.#stop.abort()
    const clean = await Promise.all([...this.#members.values()].map((member) => member.stop(timeoutMs)))
    this.#watch?.cancel()
    return clean.every(Boolean)
  }

  /** Ends every worker at once, with a moment to write its log. Blocks this process meanwhile: it exits afterwards. */
  exit(): void {
    for (const { link } of this.#members.values()) link.exit()
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EXIT_MS)
    this.kill()
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#stop.abort()
    this.#watch?.cancel()
    for (const { spawned } of this.#members.values()) spawned.kill()
  }

  /** Workers that can be told to load. */
  async #greeted(): Promise<Member<Settings>[]> {
    const greeted = () => [...this.#members.values()].filter(({ greeted, isGone }) => greeted && !isGone)
    if (greeted().length === 0)
      await new Promise<void>((resolve) => {
        const late = startTimer(NOBODY_MS, resolve)
        this.#arrived.push(() => {
          late.cancel()
          resolve()
        })
      })
    return greeted()
  }

  #spawn(number: number): Member<Settings> {
    const { events, timeoutMs } = this.#options
    const member = new Member(number, this.#options.spawn(number), timeoutMs, (from, message) =>
      events?.said(from, message),
    )
    void member.link.gone.then(() => events?.gone(member))
    this.#members.set(number, member)
    member.link.greeted.then(
      () => {
        member.greeted = true
        events?.greeted(member)
        for (const arrived of this.#arrived.splice(0)) arrived()
      },
      () => {},
    )
    return member
  }

  /** Keeps a place filled. Resolves when its first worker is ready, or has ended. */
  #keep(first: Member<Settings>): Promise<unknown> {
    void this.#replace(first)
    return Promise.race([this.#bring(first), first.link.gone])
  }

  async #replace(first: Member<Settings>): Promise<void> {
    const { clock, log } = this.#options
    const policy = new RestartPolicy()
    policy.ready() // the first worker has started: the gateway does not give up any more
    for (let member = first; ; ) {
      const how = await member.spawned.ended
      const { number } = member
      const readyMs = member.ended(clock.now())
      if (this.#stop.signal.aborted) return
      const delay = policy.ended(readyMs) ?? 0
      log.error({ worker: number, how, restart_ms: delay }, `worker ${number} ended and is replaced`)
      if (delay > 0) await sleep(delay, this.#stop.signal).catch(() => {})
      if (this.#stop.signal.aborted) return
      member = this.#spawn(number)
      void this.#bring(member)
    }
  }

  /** Brings a new worker to what the others run, and lets it accept connections. */
  async #bring(member: Member<Settings>): Promise<void> {
    const { link } = member
    try {
      await link.greeted
      await this.#turns.beside(async () => {
        // The first worker could not start: the gateway ends.
        if (this.#current === undefined) return
        const { load, files } = this.#current
        if (link.live !== load) {
          const outcome = await link.prepare(load, files)
          if (!outcome.ok) throw new BuildError(outcome.problems, outcome.read)
          await this.#commit(member, load)
        }
        await this.#open(member)
      })
    } catch (error) {
      this.#lost(member, error)
    }
  }

  async #commit(member: Member<Settings>, load: Load<Settings>): Promise<void> {
    const late = startTimer(COMMIT_MS, () => this.#lost(member, new Error('it does not commit')))
    await member.link.commit(load).catch((error: unknown) => this.#lost(member, error))
    late.cancel()
  }

  async #open(member: Member<Settings>): Promise<void> {
    if (member.opened || member.link.live === undefined) return
    try {
      await member.link.open()
      member.open(this.#options.clock.now())
      if (this.#draining) member.link.drain()
      this.#options.log.info({ worker: member.number, pid: member.spawned.pid }, `worker ${member.number} is ready`)
      this.#options.events?.opened(member)
    } catch (error) {
      if (!(error instanceof WorkerGoneError)) this.#closed = error as Error
      this.#lost(member, error)
    }
  }

  /** A worker that can't follow the others is replaced. */
  #lost(member: Member<Settings>, error: unknown): void {
    if (error instanceof WorkerGoneError || this.#stop.signal.aborted) return
    this.#options.log.error({ worker: member.number, err: error }, `worker ${member.number} can't follow the others`)
    member.spawned.kill()
  }
}
