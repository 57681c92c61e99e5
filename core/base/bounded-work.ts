/**
 * Work of which so many pieces run at a time, and so many more wait their turn.
 *
 * @example const hashing = new BoundedWork(2, 100)
 */
export class BoundedWork {
  readonly #atOnce: number
  readonly #mostWaiting: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(atOnce: number, mostWaiting: number) {
    this.#atOnce = atOnce
    this.#mostWaiting = mostWaiting
  }

  /** Runs it now or later. Undefined: too much waits already. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.#running < this.#atOnce) return this.#start(work)
    if (this.#waiting.length >= this.#mostWaiting) return undefined
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push(() => void this.#start(work).then(resolve, reject))
    })
  }

  async #start<T>(work: () => Promise<T>): Promise<T> {
    this.#running++
    try {
      return await work()
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }
}
