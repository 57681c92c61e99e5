/**
 * What the processes that serve endpoints tell of themselves. Each part adds a report under a name in every process; the admin side asks all
 * of them and merges. Arguments and answers are plain data. A report may be a promise.
 *
 * @example const all = (reports: Reports) => reports.ask('statistics', { seconds: 60 })
 */
export interface Reports {
  /**
   * The answers of all processes that serve endpoints, this one if there are no workers. A worker that does not answer within two
   * seconds, or whose report throws, is left out.
   */
  ask(name: string, args?: unknown): Promise<readonly unknown[]>
}

/** The reports of one process. */
export class OwnReports implements Reports {
  readonly #reports = new Map<string, (args: unknown) => unknown>()

  /** Adds a report. @throws Error if the name is taken */
  add(name: string, report: (args: unknown) => unknown): void {
    if (this.#reports.has(name)) throw new Error(`there is a report "${name}" already`)
    this.#reports.set(name, report)
  }

  async ask(name: string, args?: unknown): Promise<readonly unknown[]> {
    const answer = await this.answer(name, args)
    return answer === undefined ? [] : [answer]
  }

  /** Undefined if there is no such report, or if it has nothing to say. */
  answer(name: string, args: unknown): unknown {
    return this.#reports.get(name)?.(args)
  }
}
