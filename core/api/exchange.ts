import type { Downstream } from './downstream.ts'
import {
  checkedRoute,
  type Endpoint,
  type Identity,
  IdentitySlot,
  RequestIdSlot,
  type Requirement,
  type Route,
  RouteSlot,
} from './endpoint.ts'
import type { HeaderList } from './header-list.ts'
import type { Recording } from './recording.ts'
import type { Response } from './reply.ts'
import type { ExchangeRequest, Request } from './request.ts'
import type { Slot } from './slot.ts'

/**
 * The trace of one exchange, where it is sampled: `x.trace?.event(…)`. Names follow OpenTelemetry's semantic conventions, or
 * begin with the plugin's name. Values are exported: no secrets, and no personal data without need.
 *
 * ```ts
 * x.trace?.attribute('tenant.id', tenant)
 * x.trace?.event('tenant.refused', { 'tenant.reason': 'over_quota' })
 * ```
 */
export interface ExchangeTrace {
  /** 32 hex digits. */
  readonly traceId: string
  /** False: it is kept only if the exchange turns out to be worth it, which is decided when it is over. */
  readonly sampled?: boolean
  /** Sets an attribute of the server span. */
  attribute(name: string, value: string | number | boolean): void
  /** Adds an event to the server span, with the current time. */
  event(name: string, attributes?: Readonly<Record<string, string | number | boolean>>): void
}

/** @internal Writes interim responses. */
export interface InterimSink {
  inform(status: number, headers: HeaderList): void
}

const NOTHING: readonly unknown[] = []

/**
 * One request and its response, with all state that belongs to them. The engine creates it; every hook gets it as `x`. It
 * lives until the last `log` hook: what keeps it longer keeps its body and headers in memory.
 *
 * ```ts
 * const { method, headers } = x.request
 * x.set(TenantSlot, headers.get('x-tenant') ?? 'none')
 * env.log.debug({ method, endpoint: x.endpoint?.id, request_id: x.requestId }, 'tenant found')
 * ```
 */
export class Exchange {
  readonly request: Request
  readonly downstream: Downstream
  /** Time at which the head was parsed, by `env.clock.now()`: monotonic milliseconds. */
  readonly startedAt: number
  /** The response; undefined until its head is there. */
  response: Response | undefined = undefined
  /** Trace id for logs and problem documents, 32 hex digits. Without tracing: that of the request's `traceparent`, if any. */
  traceId: string | undefined = undefined
  /** Undefined where tracing is off or the exchange is not sampled. */
  trace: ExchangeTrace | undefined = undefined
  /** @internal What is recorded for traces and explanations; undefined where nobody wants it. */
  recording: Recording | undefined = undefined
  /** @internal Called with each response just before its head is sent: an error may take the place of another. */
  beforeHead: ((response: Response) => void) | undefined = undefined
  /** @internal */
  interim: InterimSink | undefined = undefined

  #route: Route | undefined = undefined
  #slots: unknown[] | undefined = undefined
  #satisfied: Requirement[] | undefined = undefined
  #onAbort: (() => void)[] | undefined = undefined
  #controller: AbortController | undefined = undefined
  #over = false
  #aborted = false

  constructor(request: ExchangeRequest, downstream: Downstream, startedAt: number) {
    this.request = Object.freeze(request) // a hook that replaces a part of it fails itself, not the terminal filter (30 ns)
    this.downstream = downstream
    this.startedAt = startedAt
  }

  /** The route; undefined until a filter has written it. */
  get route(): Route | undefined {
    return this.#route
  }

  /** The endpoint of the route. */
  get endpoint(): Endpoint | undefined {
    return this.#route?.endpoint
  }

  /** Who calls; undefined if no filter has established it. */
  get identity(): Identity | undefined {
    return this.get(IdentitySlot)
  }

  /** Undefined if no filter has given the request an id. */
  get requestId(): string | undefined {
    return this.get(RequestIdSlot)
  }

  /** The value of a slot; undefined if nobody has written it. */
  get<T>(slot: Slot<T>): T | undefined {
    return (this.#slots ?? NOTHING)[slot.index] as T | undefined
  }

  /**
   * Writes a slot. A later value replaces an earlier one.
   * @throws Error if the exchange is over, or if the route is written a second time
   */
  set<T>(slot: Slot<T>, value: T): void {
    if (this.#over) throw new Error(`slot "${slot.name}" written after the exchange was over`)
    if ((slot as Slot<unknown>) === RouteSlot) {
      if (this.#route !== undefined) throw new Error('the route is already known: it can be written once')
      this.#route = checkedRoute(value)
    }
    this.#slots ??= []
    this.#slots[slot.index] = value
  }

  /** Declares a requirement satisfied: the calling filter guarantees it for this request. */
  satisfy(requirement: Requirement): void {
    this.#satisfied ??= []
    this.#satisfied.push(requirement)
  }

  /** @internal The first requirement of the endpoint, or of the `listener`, that no filter has satisfied. */
  unmet(listener: readonly Requirement[]): Requirement | undefined {
    const endpoint = this.#route?.endpoint.requires
    if (listener.length === 0 && (endpoint === undefined || endpoint.length === 0)) return undefined
    const missing = (requirement: Requirement): boolean => this.#satisfied?.includes(requirement) !== true
    return endpoint?.find(missing) ?? listener.find(missing)
  }

  /**
   * Sends an interim response before the final one (RFC 9110 §15.2), such as 103 with `Link` fields (RFC 8297). Does nothing
   * if the final response has begun, if the client speaks HTTP/1.0, or if it does not read what was sent before.
   *
   * @example x.inform(103, HeaderList.of({ Link: '</style.css>; rel=preload; as=style' }))
   * @param status 102 to 199
   * @throws TypeError for another status, and for fields that can't be written
   */
  inform(status: number, headers: HeaderList): void {
    if (!Number.isInteger(status) || status < 102 || status > 199)
      throw new TypeError(`inform(): the status must be a number from 102 to 199, found ${String(status)}`)
    if (!this.#over && !this.#aborted) this.interim?.inform(status, headers)
  }

  /** True once the response's stream has closed: only `log` hooks still run. */
  get over(): boolean {
    return this.#over
  }

  /** True if the client left before the response was complete. */
  get aborted(): boolean {
    return this.#aborted
  }

  /**
   * Calls `fn` once, when the client leaves before the response is complete; at once if it has left already. What `fn` throws
   * is logged and counted.
   */
  onAbort(fn: () => void): void {
    if (this.#aborted) fn()
    else if (this.#onAbort === undefined) this.#onAbort = [fn]
    else this.#onAbort.push(fn)
  }

  /**
   * Aborts when the client leaves before the response is complete. Created on first use; `onAbort` costs less.
   *
   * @example await fetch(url, { signal: AbortSignal.any([x.signal, AbortSignal.timeout(500)]) })
   */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      this.onAbort(() => controller.abort())
    }
    return this.#controller.signal
  }

  /** @internal The client left. Returns what the functions of `onAbort` threw; each of them runs all the same. */
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

  /** @internal The exchange is over: slots can't be written any more. */
  seal(): void {
    this.#over = true
    this.#onAbort = undefined
  }
}
