import { defineFilter, type FilterEnv, type Finished, type Meter, type Outcome } from '../../core/index.ts'
import { DurationTable, ReplyTable } from './request-metrics.ts'

const SERVER = 'http_server_request_duration_seconds'
const CLIENT = 'http_client_request_duration_seconds'
const REPLIES = 'weir_local_replies_total'

/** What is counted, for every instance of the process: metric names exist once. */
class Counts {
  readonly server = new DurationTable(SERVER)
  readonly client = new DurationTable(CLIENT)
  readonly replies = new ReplyTable()
  readonly #unregister: (() => void)[]

  constructor(meter: Meter) {
    const { server, client, replies } = this
    this.#unregister = [
      meter.register({
        name: SERVER,
        help: 'Time from the head of a request to the end of its response.',
        type: 'histogram',
        collect: () => server.samples(),
      }),
      meter.register({
        name: CLIENT,
        help: 'Time of an attempt at an upstream, to the end of its response.',
        type: 'histogram',
        collect: () => client.samples(),
      }),
      meter.register({
        name: REPLIES,
        help: 'Responses made by a filter rather than by an upstream.',
        type: 'counter',
        collect: () => replies.samples(),
      }),
    ]
  }

  close(): void {
    for (const unregister of this.#unregister) unregister()
  }
}

/**
 * Counts requests, attempts and local replies for Prometheus. Stands anywhere; the counts outlive reloads, and several
 * instances add to the same.
 */
export const metrics = defineFilter({
  name: 'metrics',
  apiVersion: 1,
  summary: 'Counts requests, attempts and local replies for Prometheus.',
  create: (_options, env: FilterEnv) => {
    const counts = env.share('counts', {
      scope: 'factory',
      version: 1,
      make: () => new Counts(env.meter),
      close: (kept) => kept.close(),
    })
    return {
      settled(x, _attempt, outcome) {
        const status = clientStatus(outcome)
        if (status !== undefined) counts.client.observe(x.endpoint, x.request.method, status, outcome.totalMs / 1000)
      },
      log(finished) {
        const x = finished.exchange
        counts.server.observe(x?.endpoint, x?.request.method ?? '', serverStatus(finished), finished.durationMs / 1000)
        const local = x?.response?.local
        if (local !== undefined) counts.replies.add(local.filter, local.reason)
      },
    }
  },
})

/** The status sent, or a word where none was. */
function serverStatus({ status, outcome }: Finished): number | string {
  return status > 0 && status < 1000 ? status : outcome
}

/** The upstream's status, or why there is none; undefined for an attempt that was never made. */
function clientStatus({ status, error, result }: Outcome): number | string | undefined {
  if (status !== undefined) return status > 0 && status < 1000 ? status : '_OTHER'
  if (error !== undefined) return error.code
  return result === 'ignored' ? undefined : result
}
