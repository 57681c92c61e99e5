import { filterPath } from '../../config/commands/filter-path.ts'
import type { Settings } from '../../config/read/settings.ts'
import { EXPLAIN_REPORT, RECENT_REPORT } from '../../plugins/recent/all-recent.ts'
import type { ChainPlaces } from '../../plugins/recent/explain-record.ts'
import { LiveExplanations } from '../../plugins/recent/live-explanations.ts'
import { OwnRecent } from '../../plugins/recent/own-recent.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Filter, Finished } from '../api/filter.ts'
import type { Runtime } from '../chain/runtime.ts'
import type { ListenerSpec } from '../control/gateway-spec.ts'
import type { RecentFilter } from '../control/recent-exchanges.ts'
import type { OwnReports } from '../control/reports.ts'
import type { ExchangeObserver } from '../observe/exchange-observer.ts'
import type { Gateway } from './gateway.ts'

/** What this process remembers of exchanges, and tells the admin side. */
export class ExchangeRecords implements ExchangeObserver {
  readonly #runtime: Runtime
  readonly #worker: number | null
  readonly #recent: OwnRecent
  #explanations: LiveExplanations | undefined

  /** @param worker number of this worker; undefined: it is none */
  constructor(runtime: Runtime, reports: OwnReports, worker?: number) {
    this.#runtime = runtime
    this.#worker = worker ?? null
    this.#recent = new OwnRecent(runtime.clock, this.#worker)
    runtime.observe(this, true)
    reports.add(RECENT_REPORT, (which) => this.#recent.list((which ?? {}) as RecentFilter))
    reports.add(EXPLAIN_REPORT, (id) => this.#explanations?.explain(String(id)))
  }

  finished(finished: Finished): void {
    const explained = this.#explanations?.finished(finished, this.#worker, this.#runtime.clock.wall()) === true
    this.#recent.finished(finished, explained)
  }

  configure({ recent, explain }: Settings, gateway: Gateway): void {
    this.#recent.configure(recent, (name) => listenerOf(gateway, name)?.routes === true)
    this.#explanations =
      explain && new LiveExplanations(explain, (x, name) => placesOf(gateway, x, name), this.#explanations)
    this.#runtime.explain = this.#explanations
  }
}

/** The chain of an exchange by the live configuration, which may be newer than the exchange. */
function placesOf(gateway: Gateway, { route, recording }: Exchange, name: string | undefined): ChainPlaces | undefined {
  const listener = listenerOf(gateway, name)
  if (listener === undefined) return undefined
  const endpoint =
    route && gateway.live?.spec.endpoints.find(({ endpoint: { id } }) => id === (route.endpoint.id as string))
  return {
    filters: listener.chain.map((entry, i) => {
      const filter = recording?.reached[i]?.filter as Filter | undefined
      const off = filter === undefined && (route !== undefined || entry.off !== undefined)
      const terminal = filter !== undefined && 'call' in filter
      return { name: entry.name, at: filterPath(entry, off, endpoint), off, terminal }
    }),
    endpoint: endpoint?.at,
  }
}

const listenerOf = ({ live }: Gateway, name: string | undefined): ListenerSpec | undefined =>
  live?.spec.listeners.find((listener) => listener.name === name)
