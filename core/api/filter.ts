import type { Attempt, Awaitable, Next, Outcome, UpstreamCall } from './attempt.ts'
import type { Endpoint, Target } from './endpoint.ts'
import type { WeirError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import type { LocalReply, Response } from './reply.ts'

/** What a hook of the chain returns: nothing (go on) or a reply (stop here). */
// biome-ignore lint/suspicious/noConfusingVoidType: hooks without a return statement are the common case
export type Verdict = LocalReply | void

/** An exchange whose response head is there and not yet sent. */
export type ExchangeWithResponse = Exchange & { response: Response }

/** The record that `log` sees. */
export interface Finished {
  /** Undefined when the request could not even be parsed. */
  readonly exchange: Exchange | undefined
  /** Peer of the connection, where there is no exchange to say it: nothing was parsed that could name another client. */
  readonly peer?: string
  /** `completed`: the whole response was sent. `aborted`: not the whole. `unparsed`: the bytes were no request. */
  readonly outcome: 'completed' | 'aborted' | 'unparsed'
  /** Status sent downstream; 0 if no head was sent. */
  readonly status: number
  /** What broke the response off or made it an error, if the gateway knows. */
  readonly error: WeirError | undefined
  /** Milliseconds since the request's head was parsed. */
  readonly durationMs: number
  /** Name of the listener: `proxy`. */
  readonly listener?: string
  /** Number of attempts; 0 if nothing went upstream. */
  readonly attempts?: number
  /** Bytes of the request's body that came, or of what came through a tunnel. */
  readonly bytesReceived?: number
  /** Bytes of the response's body that were handed to the connection, or to the client's side of a tunnel. */
  readonly bytesSent?: number
  /** Why the bytes were no request: `tls_handshake`, `http2_preface`, or the parser's code, `HPE_INVALID_METHOD`. */
  readonly reason?: string
}

/**
 * One step of the chain. An instance is made by its factory's `create`, holds no state of a request, and is shared by every
 * chain that configures it equally: what belongs to one request goes into a slot of the exchange. Every hook is optional.
 * docs/life-of-a-request.md shows them in their order.
 *
 * A hook returns what its type says. Anything else, and whatever it throws or rejects with, ends the request with a 500 that
 * names the filter and the hook, one line in the log, and one count in `weir_filter_errors_total`; if the head of the response
 * is out already, the connection is cut. An endpoint that refines the filter has an instance of its own: hooks before the
 * route is known run on the chain's instance, later ones on the endpoint's.
 *
 * ```ts
 * const tenant: Filter = {
 *   request(x) {
 *     if (!x.request.headers.has('x-tenant')) return reply(400, 'tenant_missing')
 *   },
 * }
 * ```
 */
export interface Filter {
  /**
   * Runs as soon as the head of the request is parsed, in YAML order, before the route is known (unless an earlier filter
   * wrote it). It may read and edit request headers, write slots, wrap the request's body, and reply.
   * On: the chain's instance. Sync or async; a filter that returns no promise costs none.
   * It must not refuse a request because credentials are missing: only the endpoint knows whether it needs them (`routed`).
   * Throws: 500, and no filter behind it is entered.
   */
  request?(x: Exchange): Awaitable<Verdict>

  /**
   * Runs exactly once per request when the route is known: right behind the filter's own `request`, or, for filters that
   * were passed before, as soon as a filter has written the route. `x.route` and `x.endpoint` are set. This is the place to
   * enforce what the endpoint asks for; a filter whose factory `enforces` a requirement calls `x.satisfy(…)` here, or replies.
   * On: the endpoint's instance. Sync or async.
   * Throws: 500; nothing goes upstream.
   */
  routed?(x: Exchange): Awaitable<Verdict>

  /**
   * Wraps the upstream call: the first filter of the chain is outermost. It calls `next(call)` once, several times (retry), or
   * not at all, and must return what `next` gave, another response, or a reply. A response that it does not return it must
   * `discard()`. Runs after every requirement is satisfied.
   * On: the endpoint's instance. Sync or async; it may return `next(call)` as it is.
   * Throws: 500, unless the error is a `WeirError` of the upstream, which passes on and becomes its own reply (502, 504).
   */
  upstream?(x: Exchange, call: UpstreamCall, next: Next): Awaitable<Response | LocalReply>

  /**
   * Runs once per attempt, after a target was picked and before it is called: lets the attempt pass by returning nothing, or
   * refuses it with a reply. An `upstream` hook around it sees that reply, and may attempt again.
   * On: the endpoint's instance. Synchronous: a promise is an error.
   * Every `admit` that let an attempt pass is followed by exactly one `settled` of the same filter, whatever happens.
   * Throws: 500; the `admit`s that had passed are settled as `ignored`.
   */
  admit?(x: Exchange, attempt: Attempt): Verdict

  /**
   * Runs once per attempt when it is over for good: its response was read to the end, it failed, or the client left. A filter
   * with `admit` sees the attempts that it let pass; one without sees those that every `admit` let pass.
   * On: the instance that admitted. Synchronous; it can't change the response.
   * Throws: logged and counted; the request goes on.
   */
  settled?(x: Exchange, attempt: Attempt, outcome: Outcome): void

  /**
   * Runs when the head of a response is there and not sent yet, in reverse YAML order, for the filters that were entered, the
   * one that replied included. It may edit status and headers, wrap the body (`tap`, `through`, `replace`), or return a reply
   * to send instead; the response is then discarded. Where the body was changed, the engine corrects `Content-Length`, `ETag`
   * and digests.
   * On: the instance that was entered last. Sync or async.
   * Throws: a 500 takes the response's place; the remaining filters see that.
   */
  response?(x: ExchangeWithResponse): Awaitable<Verdict>

  /**
   * Runs exactly once for every request and every filter of the chain, when the response's stream has closed, even if the
   * filter was not entered, the client left, or the request could not be parsed (`finished.exchange` is undefined then).
   * On: the endpoint's instance, or the chain's where no route was found. Synchronous; slots can't be written any more.
   * Throws: logged and counted.
   */
  log?(finished: Finished): void

  /**
   * For `weir explain`, after a rehearsal of the request: what the instance makes of it, one short line each, without secrets.
   * Synchronous; it must call nobody and change nothing.
   * Throws: the text says so.
   */
  explain?(x: Exchange): Iterable<string>

  /**
   * Of a routing filter, for an exchange that the running gateway explains: endpoints that came into question and were not chosen, and
   * why, without secrets. Called when the exchange is over. Synchronous; it must call nobody and change nothing.
   * Throws: the explanation names none.
   */
  rejected?(x: Exchange): readonly { readonly endpoint: string; readonly why: string }[]

  /**
   * Of a routing filter, for `weir routes`: what leads to an endpoint (`/orders`, `api.example.com/orders`).
   * Synchronous; it must call nobody and change nothing.
   * Throws: `weir routes` fails.
   */
  patterns?(endpoint: Endpoint): readonly string[]

  /**
   * Called once, when no configuration uses the instance any more and no request leases it. Frees what the instance holds
   * beside what `env` gave it: that is freed by the engine. Sync or async; it may take 10 s.
   * Throws: logged and counted; the rest is freed all the same.
   */
  dispose?(): Awaitable<void>
}

/**
 * The filter that produces the response (`proxy`, `admin`). Exactly one per chain; its factory says `terminal: true`.
 *
 * ```ts
 * const pong: TerminalFilter = {
 *   call: () => reply(200, 'pong', { headers: { 'Content-Type': 'text/plain' }, body: 'pong\n' }),
 * }
 * ```
 */
export interface TerminalFilter extends Filter {
  /**
   * Chooses the target of the next attempt, or replies if there is none to call. Without this hook attempts have no target.
   * On: the endpoint's instance. Synchronous: a promise is an error.
   * Throws: 500; no attempt is made.
   * @param before the attempts already made for this exchange, oldest first
   */
  pick?(x: Exchange, before: readonly Attempt[]): Target | LocalReply | undefined

  /**
   * Makes one attempt and returns the response as soon as its head is there; the body follows. `attempt.onCancel` says that
   * nobody waits for it any more: the call must then end.
   * On: the endpoint's instance. Sync or async.
   * Throws: a `WeirError` with source `upstream` is a failure of the attempt and becomes its reply; anything else is a 500.
   */
  call(x: Exchange, attempt: Attempt, call: UpstreamCall): Awaitable<Response | LocalReply>
}
