import type { ExplainedExchange, RecentExchange, RecentExchanges, RecentFilter, Reports } from '../../core/index.ts'
import type { ExplainRecord, PlacePath } from './explain-record.ts'
import { newestFirst } from './own-recent.ts'

/** Names of the reports that each process makes. */
export const RECENT_REPORT = 'recent-exchanges'
export const EXPLAIN_REPORT = 'explained-exchange'

/** Finds places in the documents. @param at when the exchange was: lines may have changed since */
export type FindPlaces = (
  at: string,
) => Promise<(path: PlacePath) => { readonly file: string; readonly line: number | null }>

/** The last exchanges of all processes that serve endpoints. */
export class AllRecent implements RecentExchanges {
  readonly #reports: Reports
  readonly #find: FindPlaces

  constructor(reports: Reports, find: FindPlaces) {
    this.#reports = reports
    this.#find = find
  }

  async list(which: RecentFilter = {}): Promise<readonly RecentExchange[]> {
    const answers = (await this.#reports.ask(RECENT_REPORT, which)) as readonly (readonly RecentExchange[])[]
    return newestFirst(answers.flat(), which)
  }

  async explain(requestId: string): Promise<ExplainedExchange | undefined> {
    const answers = (await this.#reports.ask(EXPLAIN_REPORT, requestId)) as readonly (ExplainRecord | undefined)[]
    const found = answers.filter((answer) => answer !== undefined)
    const newest = found.toSorted((a, b) => (a.at < b.at ? 1 : -1))[0]
    return newest && this.#placed(newest)
  }

  async #placed({ route, steps, ...rest }: ExplainRecord): Promise<ExplainedExchange> {
    const find = await this.#find(rest.at)
    const placed = (path: PlacePath | undefined) => (path === undefined ? { file: null, line: null } : find(path))
    return {
      ...rest,
      route: route === null ? null : { by: route.by, ...placed(route.at) },
      steps: steps.map(({ at, ...step }) => ({ ...step, ...placed(at) })),
    }
  }
}
