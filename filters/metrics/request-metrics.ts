import type { Meter } from '../../core/index.ts'
import { LocalReplyCounts } from './local-reply-counts.ts'
import { RequestDurations } from './request-durations.ts'

const SERVER = 'http_server_request_duration_seconds'
const CLIENT = 'http_client_request_duration_seconds'
const REPLIES = 'weir_local_replies_total'

/** The metrics of all instances in the process, because a metric name can be registered only once. */
export class RequestMetrics {
  readonly server = new RequestDurations()
  readonly client = new RequestDurations()
  readonly replies = new LocalReplyCounts()
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
        help: 'Time from the start of an attempt to the end of its response.',
        type: 'histogram',
        collect: () => client.samples(),
      }),
      meter.register({
        name: REPLIES,
        help: 'Responses made by a filter, not by an upstream.',
        type: 'counter',
        collect: () => replies.samples(),
      }),
    ]
  }

  close(): void {
    for (const unregister of this.#unregister) unregister()
  }
}
