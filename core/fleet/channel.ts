/**
 * One end of a connection between the primary and a worker. Messages are plain data: they arrive as copies, in their order. Nothing
 * here rejects or throws because the other end is gone: `onClose` tells.
 */
export interface Channel<In, Out> {
  /** False: the message is lost, because the channel is closed, or because too many messages wait. */
  send(message: Out): boolean
  /** As `send`, but however many wait. For what there is one of per message of the other end, or per load. */
  sendAlways(message: Out): boolean
  /** Gives every message to `receive` from now on. Called once, at the turn in which the channel was made. */
  onMessage(receive: (message: In) => void): void
  /** Calls `closed` once, when this end or the other is closed. */
  onClose(closed: () => void): void
  close(): void
}

/**
 * Both ends of a channel in one process.
 * @param deliver runs a delivery later; deliveries to one end must keep their order
 */
export function pairedChannels<A, B>(
  deliver: (to: 'first' | 'second', delivery: () => void) => void = (_, delivery) => void setImmediate(delivery),
): readonly [Channel<A, B>, Channel<B, A>] {
  const first = new PairedChannel<A, B>((delivery) => deliver('second', delivery))
  const second = new PairedChannel<B, A>((delivery) => deliver('first', delivery))
  first.other = second
  second.other = first
  return [first, second]
}

class PairedChannel<In, Out> implements Channel<In, Out> {
  other!: PairedChannel<Out, In>
  readonly #deliver: (delivery: () => void) => void
  #receive: (message: In) => void = () => {}
  #closed: (() => void) | undefined
  #open = true

  constructor(deliver: (delivery: () => void) => void) {
    this.#deliver = deliver
  }

  send(message: Out): boolean {
    if (!this.#open) return false
    const copy = structuredClone(message)
    this.#deliver(() => this.other.#take(copy))
    return true
  }

  sendAlways(message: Out): boolean {
    return this.send(message)
  }

  onMessage(receive: (message: In) => void): void {
    this.#receive = receive
  }

  onClose(closed: () => void): void {
    this.#closed = closed
  }

  close(): void {
    if (!this.#open) return
    this.#end()
    this.#deliver(() => this.other.#end())
  }

  #take(message: In): void {
    if (this.#open) this.#receive(message)
  }

  #end(): void {
    if (!this.#open) return
    this.#open = false
    this.#closed?.()
  }
}
