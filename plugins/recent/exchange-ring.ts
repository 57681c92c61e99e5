import { type Finished, type RecentExchange, TargetSlot } from '../../core/index.ts'
import { bounded } from './bounded.ts'

/** What is kept of an exchange: numbers and texts of bounded length, no reference to the exchange or to a part of it. */
interface Entry {
  /** Milliseconds since the Unix epoch at which it ended. */
  endedAt: number
  durationMs: number
  requestId: string | null
  traceId: string | null
  listener: string | null
  client: string
  method: string
  host: string
  path: string
  endpoint: string | null
  target: string | null
  attempts: number
  status: number
  outcome: 'completed' | 'aborted'
  filter: string | null
  reason: string | null
  error: string | null
  explained: boolean
}

/** Longest texts, in characters. */
const NAME = 128
const TEXT = 256
const PATH = 512

/** The last exchanges of one kind. Its entries are made once, and written again and again. */
export class ExchangeRing {
  readonly #entries: Entry[] = []
  readonly #size: number
  #next = 0

  /** @param size most that it keeps; 0: none */
  constructor(size: number) {
    this.#size = size
  }

  /**
   * @param now milliseconds since the Unix epoch
   * @param explained whether there is an explanation
   */
  add(finished: Finished, now: number, explained: boolean): void {
    const { exchange: x, outcome, status, error, durationMs, listener, attempts } = finished
    if (x === undefined || outcome === 'unparsed' || this.#size === 0) return
    const { request, downstream, response, endpoint } = x
    const entry = this.#slot()
    entry.endedAt = now
    entry.durationMs = durationMs
    entry.requestId = x.requestId === undefined ? null : bounded(x.requestId, NAME)
    entry.traceId = x.traceId ?? null
    entry.listener = listener ?? null
    entry.client = bounded(downstream.address, NAME)
    entry.method = bounded(request.method, NAME)
    // One with credentials is refused, and not to be shown.
    entry.host = downstream.host.includes('@') ? '' : bounded(downstream.host, TEXT)
    // It is a part of the target's text, which would live as long.
    entry.path = bounded(request.path, PATH, request.query.length)
    entry.endpoint = endpoint === undefined ? null : endpoint.id
    entry.target = x.get(TargetSlot)?.url ?? null
    entry.attempts = attempts ?? 0
    entry.status = status
    entry.outcome = outcome
    const local = response?.local
    entry.filter = local === undefined ? null : local.filter
    entry.reason = local === undefined ? null : bounded(local.reason, NAME)
    entry.error = error === undefined ? null : error.code
    entry.explained = explained
  }

  #slot(): Entry {
    const at = this.#next
    this.#next = at + 1 === this.#size ? 0 : at + 1
    const known = this.#entries[at]
    if (known !== undefined) return known
    const entry: Entry = {
      endedAt: 0,
      durationMs: 0.5, // of the kind that it will have: another would be a change of its form
      requestId: null,
      traceId: null,
      listener: null,
      client: '',
      method: '',
      host: '',
      path: '',
      endpoint: null,
      target: null,
      attempts: 0,
      status: 0,
      outcome: 'completed',
      filter: null,
      reason: null,
      error: null,
      explained: false,
    }
    this.#entries[at] = entry
    return entry
  }

  /** The newest first. @param worker its number; null without workers */
  *newest(worker: number | null): IterableIterator<RecentExchange> {
    const count = this.#entries.length
    for (let i = 1; i <= count; i++) yield plain(this.#entries[(this.#next - i + count) % count]!, worker)
  }
}

function plain(entry: Entry, worker: number | null): RecentExchange {
  return {
    request_id: entry.requestId,
    trace_id: entry.traceId,
    at: new Date(entry.endedAt - entry.durationMs).toISOString(),
    listener: entry.listener,
    client: entry.client,
    method: entry.method,
    host: entry.host,
    path: entry.path,
    endpoint: entry.endpoint,
    target: entry.target,
    attempts: entry.attempts,
    status: entry.status,
    outcome: entry.outcome,
    filter: entry.filter,
    reason: entry.reason,
    error: entry.error,
    duration_ms: Math.round(entry.durationMs * 1000) / 1000,
    worker,
    explained: entry.explained,
  }
}
