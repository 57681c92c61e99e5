import type { ExplainedExchange, RecentExchange, RecentExchanges, RecentFilter, Reports } from '../../core/index.ts'
import { newestFirst } from './own-recent.ts'

/** Names of the reports that each process makes. */
export const RECENT_REPORT = 'recent-exchanges'
export const EXPLAIN_REPORT = 'explained-exchange'

/** The last exchanges of all processes that serve endpoints. */
export class AllRecent implements RecentExchanges {
  readonly #reports: Reports

  constructor(reports: Reports) {
    this.#reports = reports
  }

  async list(which: RecentFilter = {}): Promise<readonly RecentExchange[]> {
    const answers = (await this.#reports.ask(RECENT_REPORT, which)) as readonly (readonly RecentExchange[])[]
    return newestFirst(answers.flat(), which)
  }

  async explain(requestId: string): Promise<ExplainedExchange | undefined> {
    const answers = (await this.#reports.ask(EXPLAIN_REPORT, requestId)) as readonly (ExplainedExchange | undefined)[]
    const found = answers.filter((answer) => answer !== undefined)
    return found.toSorted((a, b) => (a.at < b.at ? 1 : -1))[0]
  }
}
