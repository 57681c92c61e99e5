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

/** A store, and the number of bytes that are being collected for it. Instances with equal limits share it. */
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

/** Stores the last good response to each plain request (`isPlain`), and returns it again. */
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
   * Stores the response, if that is allowed, when its body has passed.
   * @param requestedAt when its request went out, milliseconds since the Unix epoch
   */
  keep(x: Exchange, response: Response, requestedAt: number): void {
    const permission = storagePermission(x, response)
    const { body } = response
    const { maxEntryBytes } = this.#limits
    if (permission === undefined || (body.length ?? 0) > maxEntryBytes) return
    const receivedAt = this.#clock.wall()
    const age = initialAge(response.headers, requestedAt, receivedAt)
    const expiresAt = receivedAt - age + Math.min(permission.lifetime, this.#limits.maxAge)
    if (expiresAt <= receivedAt) return
    const { status, statusText } = response
    const { shared } = permission
    // A copy: filters further out edit the fields.
    const headers = response.headers.clone()
    const put = (bytes: Buffer): void => {
      const fields = storedFields(headers, status === 204 ? undefined : bytes.length)
      const stored = { status, statusText, headers: fields, body: bytes, receivedAt, age, expiresAt, shared }
      this.#put(x, permission, stored)
    }
    if (body.empty) put(Buffer.alloc(0))
    else this.#collect(body, put)
  }

  /** The last good response to the same request, if there is one that may be used; otherwise what is given. */
  find<T>(x: Exchange, otherwise: T): Awaitable<Response | T> {
    const { store } = this.#shared
    const key = this.#key(x)
    const found = settled(
      () =>
        then(store.get(key), (found) => {
          if (found === undefined) return undefined
          if (!('vary' in found)) return this.#responseOf(x, found)
          return then(store.get(variantKey(key, x, found.vary)), (variant) =>
            variant === undefined || 'vary' in variant ? undefined : this.#responseOf(x, variant),
          )
        }),
      (error) => this.#storeFailed(error),
    )
    return then(found, (response) => response ?? otherwise)
  }

  #put(x: Exchange, { vary }: StoragePermission, stored: StoredResponse): void {
    const { store } = this.#shared
    const key = this.#key(x)
    const put = (): Awaitable<void> =>
      vary.length === 0
        ? store.set(key, stored)
        : then(store.set(key, { vary }), () => store.set(variantKey(key, x, vary), stored))
    void settled(put, (error) => this.#storeFailed(error))
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
      // A copy: a chunk is often a small part of a large buffer.
      chunks.push(Buffer.from(chunk))
    })
    body.watch((end) => {
      if (chunks === undefined) return
      const bytes = end === 'ended' ? Buffer.concat(chunks, size) : undefined
      giveUp()
      if (bytes !== undefined) done(bytes)
    })
  }

  #responseOf(x: Exchange, stored: StoredResponse): Response | undefined {
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

  /** RFC 9111 §4.1: the target URI (only GET is stored). Endpoint and filter separate configurations. */
  #key({ endpoint, downstream, request }: Exchange): string {
    const { scheme, publicHost } = downstream
    return JSON.stringify([
      'breaker',
      this.#filter,
      endpoint?.id,
      `${scheme}://${publicHost.toLowerCase()}${request.path}${request.query}`,
    ])
  }

  #storeFailed(error: unknown): undefined {
    this.#log.warn({ err: error }, 'the response store failed')
  }
}

/** RFC 9111 §4.1: the fields that `Vary` names must match. An absent field matches only an absent one. */
const variantKey = (key: string, { request: { headers } }: Exchange, vary: readonly string[]): string =>
  JSON.stringify([key, ...vary.map((name) => [name, headers.joined(name)?.trim() ?? null])])

/** Like `then`, but synchronous if the value is there already. */
function then<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isThenable(value) ? value.then(next) : next(value)
}

/** Result of `run`, or of `failed` if it throws or rejects. */
function settled<T>(run: () => Awaitable<T>, failed: (error: unknown) => undefined): Awaitable<T | undefined> {
  try {
    const value = run()
    return isThenable(value) ? value.then(undefined, failed) : value
  } catch (error) {
    return failed(error)
  }
}
