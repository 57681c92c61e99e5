import type { Body } from './body.ts'
import {
  type Endpoint,
  type Identity,
  IdentitySlot,
  RequestIdSlot,
  type Requirement,
  type Route,
  RouteSlot,
} from './endpoint.ts'
import type { HeaderList } from './header-list.ts'
import type { Response } from './reply.ts'
import type { Slot } from './slot.ts'

/** The request as it came, and as filters edit it before it goes upstream. */
export interface Request {
  readonly method: string
  /** Path as it came, byte for byte, without the query. */
  readonly path: string
  /** Query with its `?`, or empty. */
  readonly query: string
  /** `1.0` or `1.1`. */
  readonly httpVersion: string
  readonly headers: HeaderList
  readonly body: Body
  /** The protocol that the client asks to switch to (`websocket`), or undefined. */
  readonly upgrade: string | undefined
}

/** The downstream side of an exchange. */
export interface Downstream {
  /** The client's address; taken from `X-Forwarded-For` only when the connection comes from a trusted proxy. */
  readonly address: string
  /** The peer of the connection itself. */
  readonly peer: string
  readonly trusted: boolean
  readonly scheme: 'http' | 'https'
  /** `host[:port]` as the client named it. */
  readonly host: string
}

/** Trace of one exchange; only present when it is sampled. Tracing implementations put what they need on it. */
export interface ExchangeTrace {
  readonly traceId: string
  attribute(name: string, value: string | number | boolean): void
  /** Notes that something happened now, because of this exchange. */
  event(name: string, attributes?: Readonly<Record<string, string | number | boolean>>): void
}

/** Where interim responses go. */
export interface InterimSink {
  inform(status: number, headers: HeaderList): void
}

const NOTHING: readonly unknown[] = []

/** One request and its response, with all state that belongs to it. */
export class Exchange {
  readonly request: Request
  readonly downstream: Downstream
  /** Monotonic milliseconds at which the head was parsed. */
  readonly startedAt: number
  /** Set once the head of an answer exists. */
  response: Response | undefined = undefined
  /** 32 hex digits, for logs and problem documents; undefined when tracing is off and none came in. */
  traceId: string | undefined = undefined
  trace: ExchangeTrace | undefined = undefined
  /** @internal */
  interim: InterimSink | undefined = undefined

  #route: Route | undefined = undefined
  #slots: unknown[] | undefined = undefined
  #satisfied: Requirement[] | undefined = undefined
  #onAbort: (() => void)[] | undefined = undefined
  #controller: AbortController | undefined = undefined
  #over = false
  #aborted = false

  constructor(request: Request, downstream: Downstream, startedAt: number) {
    this.request = request
    this.downstream = downstream
    this.startedAt = startedAt
  }

  /** The route, once known. */
  get route(): Route | undefined {
    return this.#route
  }

  get endpoint(): Endpoint | undefined {
    return this.#route?.endpoint
  }

  get identity(): Identity | undefined {
    return this.get(IdentitySlot)
  }

  get requestId(): string | undefined {
    return this.get(RequestIdSlot)
  }

  get<T>(slot: Slot<T>): T | undefined {
    return (this.#slots ?? NOTHING)[slot.index] as T | undefined
  }

  /** Leaves a value for other filters. The route can be written once. Throws when the exchange is over. */
  set<T>(slot: Slot<T>, value: T): void {
    if (this.#over) throw new Error(`slot "${slot.name}" written after the exchange was over`)
    if ((slot as Slot<unknown>) === RouteSlot) {
      if (this.#route !== undefined) throw new Error('the route is already known: it can be written once')
      this.#route = value as Route
    }
    this.#slots ??= []
    this.#slots[slot.index] = value
  }

  /** Says that the calling filter has made sure of a requirement. */
  satisfy(requirement: Requirement): void {
    this.#satisfied ??= []
    this.#satisfied.push(requirement)
  }

  /** @internal The first requirement of the endpoint, or of the `listener`, that nothing has satisfied. */
  unmet(listener: readonly Requirement[]): Requirement | undefined {
    const endpoint = this.#route?.endpoint.requires
    if (listener.length === 0 && (endpoint === undefined || endpoint.length === 0)) return undefined
    const missing = (requirement: Requirement): boolean => this.#satisfied?.includes(requirement) !== true
    return endpoint?.find(missing) ?? listener.find(missing)
  }

  /**
   * Sends an interim response ahead of the answer (RFC 9110 §15.2), such as 103 with `Link` fields (RFC 8297). Nothing
   * happens once the answer has begun, when the client speaks HTTP/1.0, or when it does not keep up.
   * @param status 102 to 199
   * @throws for fields that can't be written
   */
  inform(status: number, headers: HeaderList): void {
    if (!this.#over && !this.#aborted) this.interim?.inform(status, headers)
  }

  /** True once the response's stream has closed. */
  get over(): boolean {
    return this.#over
  }

  /** True if the client left before the answer was complete. */
  get aborted(): boolean {
    return this.#aborted
  }

  /** Calls `fn` once if the client goes away before the answer is complete; at once if it already has. */
  onAbort(fn: () => void): void {
    if (this.#aborted) fn()
    else if (this.#onAbort === undefined) this.#onAbort = [fn]
    else this.#onAbort.push(fn)
  }

  /** Aborts when the client goes away; made on first use. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      this.onAbort(() => controller.abort())
    }
    return this.#controller.signal
  }

  /** @internal The client left. Gives what the functions of `onAbort` threw: none of them keeps another from running. */
  abort(): readonly unknown[] {
    if (this.#aborted || this.#over) return NOTHING
    this.#aborted = true
    const thrown: unknown[] = []
    for (const fn of this.#onAbort ?? []) {
      try {
        fn()
      } catch (error) {
        thrown.push(error)
      }
    }
    return thrown
  }

  /** @internal Nothing may be written any more. */
  seal(): void {
    this.#over = true
    this.#onAbort = undefined
  }
}
