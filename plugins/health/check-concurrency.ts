/** Runs a bounded number of jobs at once. Owners take turns, so that one with many slow jobs does not delay the others for long. */
export class CheckConcurrency {
  #free: number
  /** Waiting jobs by owner, in the order of their turns. */
  readonly #waiting = new Map<string, (() => Promise<void>)[]>()

  /** @param atOnce largest number of jobs that run at once */
  constructor(atOnce: number) {
    this.#free = atOnce
  }

  /** Runs a job when it is its owner's turn. Settles like the job. */
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
