import type { Settings } from '../../config/read/settings.ts'
import { EXPLAIN_REPORT, RECENT_REPORT } from '../../plugins/recent/all-recent.ts'
import { OwnRecent } from '../../plugins/recent/own-recent.ts'
import type { Runtime } from '../chain/runtime.ts'
import type { RecentFilter } from '../control/recent-exchanges.ts'
import type { OwnReports } from '../control/reports.ts'
import type { Gateway } from './gateway.ts'

/** What this process remembers of exchanges, and tells the admin side. */
export class ExchangeRecords {
  readonly #recent: OwnRecent

  /** @param worker number of this worker; undefined: it is none */
  constructor(runtime: Runtime, reports: OwnReports, worker?: number) {
    this.#recent = new OwnRecent(runtime.clock, worker ?? null)
    runtime.observers = [...runtime.observers, this.#recent]
    reports.add(RECENT_REPORT, (which) => this.#recent.list((which ?? {}) as RecentFilter))
    reports.add(EXPLAIN_REPORT, () => undefined)
  }

  configure({ recent }: Settings, gateway: Gateway): void {
    this.#recent.configure(recent, (name) => gateway.listenerOf(name)?.routes === true)
  }
}
