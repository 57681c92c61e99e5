import { type Deadline, startTimer } from '../base/timer.ts'

/** Values by key that changed since the last batch; undefined: there is none any more. */
export type Batch = readonly (readonly [key: string, value: unknown])[]

/** When a batch is tried again that could not be sent; milliseconds. */
const RETRY_MS = 100

/**
 * Values by key of which only the last counts, for processes that must know them. However often they change, there is one batch under
 * way to each process, and it has the newest values. Values are plain data, and are replaced, not changed.
 */
export class Values {
  readonly #values = new Map<string, unknown>()
  readonly #senders = new Set<ValueSender>()

  get(key: string): unknown {
    return this.#values.get(key)
  }

  /** @param value undefined removes it */
  set(key: string, value: unknown): void {
    if (value === undefined && !this.#values.has(key)) return
    if (value === undefined) this.#values.delete(key)
    else this.#values.set(key, value)
    for (const sender of this.#senders) sender.touch(key)
  }

  keys(): Iterable<string> {
    return this.#values.keys()
  }

  /** Sends all values, and their changes from then on. @param send false: it could not be sent, and is tried again */
  sendTo(send: (batch: Batch) => boolean): ValueSender {
    const sender = new ValueSender(this, send)
    this.#senders.add(sender)
    for (const key of this.#values.keys()) sender.touch(key)
    return sender
  }

  /** The process is gone. */
  forget(sender: ValueSender): void {
    this.#senders.delete(sender)
    sender.stop()
  }
}

/** Sends values to one process. */
export class ValueSender {
  readonly #values: Values
  readonly #send: (batch: Batch) => boolean
  readonly #changed = new Set<string>()
  #underWay = false
  #planned = false
  #stopped = false
  #retry: Deadline | undefined

  constructor(values: Values, send: (batch: Batch) => boolean) {
    this.#values = values
    this.#send = send
  }

  touch(key: string): void {
    this.#changed.add(key)
    this.#plan()
  }

  /** The process has taken the last batch. */
  taken(): void {
    this.#underWay = false
    if (this.#changed.size > 0) this.#plan()
  }

  stop(): void {
    this.#stopped = true
    this.#retry?.cancel()
  }

  /** What changes in one turn of the event loop is one batch. */
  #plan(): void {
    if (this.#planned || this.#underWay) return
    this.#planned = true
    queueMicrotask(() => {
      this.#planned = false
      if (this.#stopped) return
      const batch = Array.from(this.#changed, (key) => [key, this.#values.get(key)] as const)
      this.#underWay = this.#send(batch)
      this.#retry?.cancel()
      if (this.#underWay) this.#changed.clear()
      else this.#retry = startTimer(RETRY_MS, () => this.#plan(), { background: true })
    })
  }
}
