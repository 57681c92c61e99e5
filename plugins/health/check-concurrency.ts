/** Lets a bounded number of jobs run at once. Owners take turns, so that one with many slow jobs holds up nobody for long. */
export class CheckConcurrency {
  #free: number
  /** In the order of their turns. */
  readonly #waiting = new Map<string, (() => Promise<void>)[]>()

  /** @param atOnce how many may run at the same time */
  constructor(atOnce: number) {
    this.#free = atOnce
  }

  /** Runs a job when it is its owner's turn; settles as the job does. */
  run<T>(owner: string, job: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const jobs = this.#waiting.get(owner)
      const entry = (): Promise<void> => job().then(resolve, reject)
      if (jobs === undefined) this.#waiting.set(owner, [entry])
      else jobs.push(entry)
      this.#next()
    })
  }

  #next(): void {
    while (this.#free > 0) {
      const [first] = this.#waiting
      if (first === undefined) return
      const [owner, jobs] = first
      const job = jobs.shift()!
      this.#waiting.delete(owner)
      if (jobs.length > 0) this.#waiting.set(owner, jobs)
      this.#free--
      void job().finally(() => {
        this.#free++
        this.#next()
      })
    }
  }
}
