import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Exchange, Finished, HeaderList, LiveExplain } from '../../core/index.ts'
import { type ChainPlaces, type ExplainRecord, recordOf } from './explain-record.ts'
import { serverTiming } from './server-timing.ts'

/** Who may ask for an explanation, and how. */
export interface ExplainSettings {
  /** Field of the request that asks. */
  readonly header: string
  /** Its value then; undefined: only roles count. */
  readonly secret: string | undefined
  /** Callers with one of these roles may ask with any value. */
  readonly roles: readonly string[]
}

/** An exchange that asked. */
interface Asked {
  /** Whether the value of the field was the secret. */
  readonly bySecret: boolean
  /** By which the explanation is found; undefined: no response has told it yet. */
  id: string | undefined
}

/** Explanations that a process keeps: each is at most some 30 KiB. */
const KEPT = 100

/** The fields of responses that were asked for. */
const TIMING = 'Server-Timing'
const LINK = 'Weir-Explain'

/**
 * Explains exchanges that ask for it. Who may not ask gets the response that he would get without asking. An explanation is
 * found by the id of the exchange; of equal ids, which clients can choose, the newest counts.
 */
export class LiveExplanations implements LiveExplain {
  readonly #settings: ExplainSettings
  readonly #chainOf: (x: Exchange, listener: string | undefined) => ChainPlaces | undefined
  readonly #asked = new WeakMap<Exchange, Asked>()
  readonly #key = randomBytes(32)
  readonly #digest: Buffer | undefined
  readonly #kept: Map<string, ExplainRecord>

  /**
   * @param chainOf the chain that an exchange went through, as the configuration has it
   * @param before whose explanations go on to be found
   */
  constructor(settings: ExplainSettings, chainOf: LiveExplanations['chainOf'], before?: LiveExplanations) {
    this.#settings = settings
    this.#chainOf = chainOf
    this.#digest = settings.secret === undefined ? undefined : this.#digestOf(settings.secret)
    this.#kept = before === undefined ? new Map() : before.#kept
  }

  get chainOf(): (x: Exchange, listener: string | undefined) => ChainPlaces | undefined {
    return this.#chainOf
  }

  begin(x: Exchange): boolean {
    const { headers } = x.request
    const { header, roles } = this.#settings
    if (!headers.has(header)) return false
    const bySecret = this.#isSecret(headers)
    headers.delete(header)
    if (!bySecret && roles.length === 0) return false
    this.#asked.set(x, { bySecret, id: undefined })
    x.beforeHead = ({ headers: fields }) => {
      const id = this.#idOf(x)
      if (id === undefined) return
      fields.add(TIMING, serverTiming(x))
      fields.set(LINK, `/explain/${encodeURIComponent(id)}`)
    }
    return true
  }

  /** The exchange is over. @returns whether its explanation is kept */
  finished(finished: Finished, worker: number | null, now: number): boolean {
    const { exchange: x } = finished
    if (x?.recording?.explains !== true) return false
    const id = this.#idOf(x)
    if (id === undefined) return false
    const record = recordOf(finished, id, this.#chainOf(x, finished.listener), worker, now)
    this.#kept.delete(id)
    this.#kept.set(id, record)
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= KEPT) break
      this.#kept.delete(oldest)
    }
    return true
  }

  explain(id: string): ExplainRecord | undefined {
    return this.#kept.get(id)
  }

  /** The id of the explanation; undefined: the caller may not have one. */
  #idOf(x: Exchange): string | undefined {
    const asked = this.#asked.get(x)
    if (asked === undefined) return undefined
    const { roles } = this.#settings
    const may = asked.bySecret || x.identity?.roles.some((role) => roles.includes(role)) === true
    if (!may) return undefined
    asked.id ??= x.requestId ?? randomUUID()
    return asked.id
  }

  #isSecret(headers: HeaderList): boolean {
    const [value, ...more] = headers.all(this.#settings.header)
    if (this.#digest === undefined || value === undefined || more.length > 0) return false
    return timingSafeEqual(this.#digestOf(value), this.#digest)
  }

  /** Digests are of one length, so that comparing them tells nothing of the secret's. */
  #digestOf(value: string): Buffer {
    return createHmac('sha256', this.#key).update(value, 'latin1').digest()
  }
}
