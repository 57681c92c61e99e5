import {
  type Awaitable,
  Body,
  type Clock,
  type Exchange,
  HeaderList,
  isThenable,
  type Logger,
  type Response,
  type ResponseStore,
  type StoredResponse,
} from '../../core/index.ts'
import { hasCredentials, initialAge, type StoragePermission, storagePermission, storedFields } from './cache-rules.ts'

/** A store, and the bytes that are being collected for it: shared by every instance with equal limits. */
export interface SharedStore {
  readonly store: ResponseStore
  collecting: number
}

export interface LastResponsesLimits {
  /** Milliseconds. */
  readonly maxAge: number
  /** Bytes of one body. */
  readonly maxEntryBytes: number
  /** Bytes that may be collected at once. */
  readonly maxBytes: number
}

/** Keeps the last good answer to each request, and gives it again. Only for requests that are plain (`isPlain`). */
export class LastResponses {
  readonly #shared: SharedStore
  readonly #limits: LastResponsesLimits
  readonly #filter: string
  readonly #clock: Clock
  readonly #log: Logger

  constructor(shared: SharedStore, limits: LastResponsesLimits, filter: string, clock: Clock, log: Logger) {
    this.#shared = shared
    this.#limits = limits
    this.#filter = filter
    this.#clock = clock
    this.#log = log
  }

  /**
   * Keeps the answer if it may be kept, as its body passes.
   * @param requestedAt when its request went out, milliseconds since the Unix epoch
   */
  keep(x: Exchange, answer: Response, requestedAt: number): void {
    const permission = storagePermission(x, answer)
    const { body } = answer
    const { maxEntryBytes } = this.#limits
    if (permission === undefined || (body.length ?? 0) > maxEntryBytes) return
    const receivedAt = this.#clock.wall()
    const age = initialAge(answer.headers, requestedAt, receivedAt)
    const expiresAt = receivedAt - age + Math.min(permission.lifetime, this.#limits.maxAge)
    if (expiresAt <= receivedAt) return
    const { status, statusText } = answer
    const { shared } = permission
    // Filters further out edit them on their way.
    const headers = answer.headers.clone()
    const put = (bytes: Buffer): void => {
      const fields = storedFields(headers, status === 204 ? undefined : bytes.length)
      const stored = { status, statusText, headers: fields, body: bytes, receivedAt, age, expiresAt, shared }
      this.#put(x, permission, stored)
    }
    if (body.empty) put(Buffer.alloc(0))
    else this.#collect(body, put)
  }

  /** The last good answer to the same request. */
  find(x: Exchange): Awaitable<Response | undefined> {
    const { store } = this.#shared
    const key = this.#key(x)
    return settled(
      () =>
        then(store.get(key), (found) => {
          if (found === undefined) return undefined
          if (!('vary' in found)) return this.#given(x, found)
          return then(store.get(variantKey(key, x, found.vary)), (variant) =>
            variant === undefined || 'vary' in variant ? undefined : this.#given(x, variant),
          )
        }),
      (error) => this.#away(error),
    )
  }

  #put(x: Exchange, { vary }: StoragePermission, stored: StoredResponse): void {
    const { store } = this.#shared
    const key = this.#key(x)
    const put = (): Awaitable<void> =>
      vary.length === 0
        ? store.set(key, stored)
        : then(store.set(key, { vary }), () => store.set(variantKey(key, x, vary), stored))
    void settled(put, (error) => this.#away(error))
  }

  #collect(body: Body, done: (bytes: Buffer) => void): void {
    const shared = this.#shared
    const { maxBytes, maxEntryBytes } = this.#limits
    let chunks: Buffer[] | undefined = []
    let size = 0
    const giveUp = (): void => {
      chunks = undefined
      shared.collecting -= size
      size = 0
    }
    body.tap((chunk) => {
      if (chunks === undefined) return
      size += chunk.length
      shared.collecting += chunk.length
      if (size > maxEntryBytes || shared.collecting > maxBytes) return giveUp()
      // A copy: a chunk is often a small part of a large piece of memory.
      chunks.push(Buffer.from(chunk))
    })
    body.watch((end) => {
      if (chunks === undefined) return
      const bytes = end === 'ended' ? Buffer.concat(chunks, size) : undefined
      giveUp()
      if (bytes !== undefined) done(bytes)
    })
  }

  #given(x: Exchange, stored: StoredResponse): Response | undefined {
    const now = this.#clock.wall()
    if (now >= stored.expiresAt || (!stored.shared && hasCredentials(x))) return undefined
    const headers = HeaderList.fromWire([...stored.headers])
    // RFC 9111 §5.1: whole seconds since it was made or validated at its origin.
    headers.add('Age', String(Math.max(0, Math.floor((stored.age + now - stored.receivedAt) / 1000))))
    headers.add('Cache-Status', 'weir; hit; detail=breaker_open') // RFC 9211
    const { status, statusText, body } = stored
    const local = { filter: this.#filter, reason: 'breaker_open' }
    return { status, statusText, headers, body: Body.of(body), local }
  }

  /** RFC 9111 §4.1: the method and the target URI. Endpoint and filter keep configurations apart. */
  #key({ endpoint, downstream, request }: Exchange): string {
    const { scheme, host } = downstream
    return JSON.stringify([
      'breaker',
      this.#filter,
      endpoint?.id,
      `${scheme}://${host.toLowerCase()}${request.path}${request.query}`,
    ])
  }

  #away(error: unknown): undefined {
    this.#log.warn({ err: error }, 'the response store failed')
  }
}

/** RFC 9111 §4.1: the fields that `Vary` names must match; one that is not there matches none that is. */
const variantKey = (key: string, { request: { headers } }: Exchange, vary: readonly string[]): string =>
  JSON.stringify([key, ...vary.map((name) => [name, headers.joined(name)?.trim() ?? null])])

/** Goes on at once with what is there at once. */
function then<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isThenable(value) ? value.then(next) : next(value)
}

/** What `run` gives, or undefined where it fails, now or later. */
function settled<T>(run: () => Awaitable<T>, failed: (error: unknown) => undefined): Awaitable<T | undefined> {
  try {
    const value = run()
    return isThenable(value) ? value.then(undefined, failed) : value
  } catch (error) {
    return failed(error)
  }
}
