import type { IncomingMessage, ServerResponse } from 'node:http'
import { Body } from '../api/body.ts'
import { WeirError } from '../api/errors.ts'
import { Exchange } from '../api/exchange.ts'
import { HeaderList } from '../api/header-list.ts'
import { LocalReply, type Response } from '../api/reply.ts'
import { ExchangeRequest } from '../api/request.ts'
import { ChainRunner } from '../chain/chain-runner.ts'
import { dropResponse } from '../chain/drop-response.ts'
import { errorReply } from '../chain/error-reply.ts'
import type { ResponseEnd } from '../chain/response-end.ts'
import type { ResponseOutlet } from '../chain/response-phase.ts'
import { type Connection, connectionOf } from './connection.ts'
import type { Framing } from './early-reply.ts'
import { downstreamOf } from './forwarding.ts'
import type { ListenerState } from './listener-state.ts'
import { Overload } from './overload.ts'
import { RequestBody } from './request-body.ts'
import { type RequestHead, readHead } from './request-head.ts'
import type { ResponseOwner } from './response-context.ts'
import { ResponseWriter } from './response-writer.ts'
import type { UpgradeHandshake } from './tunnel/upgrade-handshake.ts'
import { isLast, offeredProtocols } from './upgrade-offer.ts'

/**
 * Methods that the gateway as a whole may forward: `OPTIONS *` is for no endpoint, and gets its response before any filter runs
 * (RFC 9110 §9.3.7). Extension methods pass too, but can't be listed.
 */
const OPTIONS_REPLY = new LocalReply(204, 'options', {
  headers: { Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' },
})

/** Serves a request that Node's server has parsed. @param waiting the client waits for `100 Continue` */
export function acceptRequest(state: ListenerState, req: IncomingMessage, res: ServerResponse, waiting: boolean): void {
  // The last response was sent. The rest is read only so that the client gets that response (RFC 9112 §9.6).
  if (!req.socket.writable) return void req.resume()
  const connection = connectionOf(req.socket)
  connection.last = req
  if (connection.enter()) return serveRequest(state, connection, req, res, waiting ? WAITING : PLAIN)
  takeTurn(state, connection, (admitted) => serveRequest(state, connection, req, res, { waiting, admitted }))
}

/**
 * Serves a request when those before it are over. `overload` counts it from now on, because it takes memory from now on.
 * @param serve gets whether `overload` has counted it, rather than sheds it
 */
export function takeTurn(state: ListenerState, connection: Connection, serve: (admitted: boolean) => void): void {
  const { overload } = state
  const admitted = overload !== undefined && overload.enter() === undefined
  connection.wait({ start: () => serve(admitted), drop: () => void (admitted && overload.leave()) })
}

/** How a request came. */
interface Arrival {
  /** The client waits for `100 Continue`. */
  readonly waiting?: boolean
  /** Whether `overload` has counted the request already, rather than sheds it; undefined: not asked yet. */
  readonly admitted?: boolean | undefined
  /** Set if the client offered to switch protocols. */
  readonly handshake?: UpgradeHandshake | undefined
}

const PLAIN: Arrival = {}
const WAITING: Arrival = { waiting: true }

/** Turns one message into an exchange and runs it through the listener's live chain. The connection must have been entered. */
export function serveRequest(
  state: ListenerState,
  connection: Connection,
  req: IncomingMessage,
  res: ServerResponse,
  arrival: Arrival,
): void {
  const { limits, trusted } = state.settings
  const head = readHead(req, limits, state.cleaning, connection.isTrusted(trusted))
  if (head.last || isLast(req)) res.shouldKeepAlive = false
  new ServedRequest(state, connection, { req, res, head }, arrival).start()
}

/** A request as it came from Node's server. */
interface Message {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly head: RequestHead
}

/** One request from its head to the end of its response. */
class ServedRequest implements ResponseOutlet, ResponseOwner {
  readonly #state: ListenerState
  readonly #connection: Connection
  readonly #head: RequestHead
  readonly #x: Exchange
  readonly #source: RequestBody | undefined
  readonly #writer: ResponseWriter
  readonly #run: ChainRunner
  /** Whether `overload` has counted the request; undefined: it was not asked. */
  #admitted: boolean | undefined

  constructor(state: ListenerState, connection: Connection, { req, res, head }: Message, arrival: Arrival) {
    const { waiting = false, admitted, handshake } = arrival
    const { runtime, settings } = state
    const { limits, trusted } = settings
    this.#state = state
    this.#connection = connection
    this.#head = head
    this.#admitted = admitted
    const framing: Framing = { length: head.length, waiting }
    const source = framing.length === 0 ? undefined : bodyOf(state, req, res, framing)
    this.#source = source
    connection.body = source
    connection.response = res
    if (connection.broken) source?.break()
    // RFC 9110 §10.1.1: without a body the client needs no 100, but Node would close the connection if none was sent.
    if (waiting && source === undefined && head.refused === undefined) res.writeContinue()
    const { fields } = head
    const headers = fields === req.rawHeaders ? HeaderList.sharing(fields) : HeaderList.fromWire(fields)
    const body = source === undefined ? Body.empty() : new Body(source, framing.length)
    const upgrade =
      handshake === undefined || head.refused !== undefined
        ? undefined
        : offeredProtocols(req.headers.upgrade, limits.upgradeProtocols)
    const x = new Exchange(
      new ExchangeRequest(req.method ?? 'GET', head.path, head.query, req.httpVersion, headers, body, upgrade),
      downstreamOf(connection, trusted, req.rawHeaders, head),
      runtime.clock.now(),
    )
    this.#x = x
    runtime.begin(x)
    state.requestBegan()
    if (x.request.upgrade !== undefined) handshake?.watch()
    const { timers } = runtime
    const to = { connection, req, res, requestBody: source, framing, timers, limits, handshake, owner: this }
    this.#writer = new ResponseWriter(to)
    x.interim = this.#writer
    this.#run = new ChainRunner(x, settings.chain, runtime, this)
  }

  start(): void {
    const { refused, path } = this.#head
    const run = this.#run
    if (refused !== undefined) return run.replyEarly(errorReply(new WeirError(refused), 'engine'))
    if (this.#sheds()) return run.replyEarly(Overload.reply)
    if (path === '*' && this.#x.request.method === 'OPTIONS') return run.replyEarly(OPTIONS_REPLY)
    run.start()
  }

  #sheds(): boolean {
    const { overload } = this.#state
    if (overload === undefined) return false
    this.#admitted ??= overload.enter() === undefined
    return !this.#admitted
  }

  deliver(response: Response): void {
    // What follows a request that was refused may not be a request at all.
    try {
      this.#writer.deliver(response, this.#x, this.#state.draining || this.#head.refused !== undefined)
    } catch (cause) {
      this.#state.runtime.filterError(this.#x, undefined, 'engine', cause)
      this.#writer.abandon(new WeirError('internal_error', undefined, { cause }))
    }
  }

  abandon(error: WeirError): void {
    this.#writer.abandon(error)
  }

  responseEnded(end: ResponseEnd): void {
    try {
      this.#run.finish(end)
    } catch (thrown) {
      this.#state.runtime.filterError(this.#x, undefined, 'engine', thrown)
    }
    this.#state.requestEnded()
    if (this.#admitted === true) this.#state.overload?.leave()
    this.#connection.next()
    if (this.#source === undefined) return
    this.#source.drain()
    dropResponse(this.#x.request)
  }
}

function bodyOf(state: ListenerState, req: IncomingMessage, res: ServerResponse, framing: Framing): RequestBody {
  const { bodyTimeoutMs: ms, minRate } = state.settings.limits
  const stall = { ms, minRate, timers: state.runtime.timers }
  return new RequestBody(req, stall, framing.waiting ? continueWhenRead(res, framing) : undefined)
}

/** Sends `100 Continue` when the body is first read (RFC 9110 §10.1.1), unless the response has begun: it would stand in its body. */
const continueWhenRead = (res: ServerResponse, framing: Framing) => (): void => {
  if (!framing.waiting) return
  framing.waiting = false
  res.writeContinue()
}
