import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import {
  Body,
  type BodySink,
  type BodySource,
  type Deadline,
  type Exchange,
  type HeaderList,
  type Response,
  type Turn,
  WeirError,
} from '../../core/index.ts'
import type { CountingClient, PooledRequest } from './counting-client.ts'
import { Deadlines, type TimeLeft, UNLIMITED } from './deadlines.ts'
import { interimFields, responseFields, switchFields } from './response-head.ts'
import { announcedTrailers, takesTrailers, trailerFields } from './trailers.ts'
import type { Upload } from './upload.ts'
import type { UpstreamContext } from './upstream-context.ts'
import { failureOf, isClosed } from './upstream-errors.ts'

/** Chunks that came before anyone read them are kept up to this many bytes; then the upstream is paused. */
const QUEUE_BYTES = 256 * 1024

/** Methods that may be sent again (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

const OBEYED = ['connection', 'proxy-connection', 'transfer-encoding']

type Phase = 'connecting' | 'sending' | 'waiting' | 'body' | 'over'

/** One request to the upstream: undici's handler on one side, a body's source on the other. */
export class UpstreamRequest implements Dispatcher.DispatchHandler, BodySource, PooledRequest {
  readonly #context: UpstreamContext
  readonly #x: Exchange
  readonly #options: Dispatcher.DispatchOptions
  readonly #upload: Upload | undefined
  client: CountingClient | undefined = undefined
  #controller: Dispatcher.DispatchController | undefined
  #phase: Phase = 'connecting'
  #responding = false
  #resent = false
  #cancelled: Error | undefined
  #paused = false
  #sink: BodySink | undefined
  #queue: Buffer[] | undefined
  #queued = 0
  #end: 'ended' | WeirError | undefined
  /** Whether trailer fields of this answer go on. */
  #takesTrailers = false
  #trailers: HeaderList | undefined
  /** The wheel's turn in which either side last did something. */
  #active: Turn | undefined
  #deadline: Deadline | undefined
  readonly #left: TimeLeft
  #deadlines: Deadlines | undefined
  #resolve!: (response: Response) => void
  #reject!: (error: WeirError) => void

  /** @param left what it may take as a whole, whatever its limits are */
  constructor(
    context: UpstreamContext,
    x: Exchange,
    options: Dispatcher.DispatchOptions,
    upload: Upload | undefined,
    left: TimeLeft = UNLIMITED,
  ) {
    this.#context = context
    this.#x = x
    this.#options = options
    this.#upload = upload
    this.#left = left
  }

  /** Sends it. Resolves with the head; rejects with a WeirError. */
  send(): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      const { limits, timers } = this.#context
      this.#arm(limits.connect)
      if (this.#left !== UNLIMITED) this.#deadlines = new Deadlines(timers, this.#left, () => this.#late())
      this.#active = timers.turn
      this.#context.pool.dispatch(this.#options, this)
    })
  }

  // The upstream's side: undici calls.

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#cancelled !== undefined) return controller.abort(this.#cancelled)
    this.#active = this.#context.timers.turn
    if (this.#phase !== 'over') this.#phase = this.#upload === undefined ? 'waiting' : 'sending'
  }

  onBodySent(): void {
    this.#active = this.#context.timers.turn
  }

  onRequestSent(): void {
    this.#active = this.#context.timers.turn
    if (this.#phase === 'sending') this.#phase = 'waiting'
  }

  onResponseStarted(): void {
    this.#responding = true
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, statusText = ''): void {
    if (status < 200) return this.#interim(status, controller.rawHeaders as Buffer[])
    this.#active = this.#context.timers.turn
    const headers = responseFields(controller.rawHeaders as Buffer[], status, statusText)
    if (headers instanceof WeirError) return this.#fail(headers)
    this.#phase = 'body'
    this.#deadlines?.answered()
    const declared = headers.get('content-length')
    const length = declared === undefined ? undefined : Number(declared)
    if (length === undefined && takesTrailers(this.#x, status)) {
      this.#takesTrailers = true
      for (const names of announcedTrailers(controller.rawHeaders as Buffer[])) headers.add('Trailer', names)
    }
    this.#resolve({ status, statusText, headers, body: new Body(this, length) })
  }

  #interim(status: number, raw: Buffer[]): void {
    const headers = interimFields(raw, status)
    if (headers instanceof WeirError) return this.#fail(headers)
    try {
      this.#x.inform(status, headers)
    } catch {
      // A field that can't be written. An interim response is only advice: the answer counts.
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#active = this.#context.timers.turn
    if (this.#sink !== undefined) {
      if (!this.#sink.write(chunk)) this.pause()
      return
    }
    this.#queue ??= []
    this.#queue.push(chunk)
    this.#queued += chunk.length
    if (this.#queued >= QUEUE_BYTES) {
      this.#paused = true
      controller.pause()
    }
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    const { client } = this
    if (client !== undefined) {
      // undici takes a reset for the end of a body that ends with its connection; RFC 9112 §8 does not.
      if (client.broken) return this.#fail(new WeirError('upstream_reset'))
      client.answers++
      // The parser obeys these even in a trailer section (RFC 9110 §6.5.1), and would refuse the next answer.
      if (trailers !== undefined && OBEYED.some((name) => trailers[name] !== undefined)) client.drop()
    }
    this.#over('ended')
    // Now, not when undici comes to it: the body may go into the next attempt by then.
    this.#upload?.destroy()
    if (this.#takesTrailers) this.#trailers = trailerFields(controller.rawTrailers as Buffer[] | null)
    this.#sink?.end(this.#trailers)
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    { upgrade }: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    // undici has let go of it, and nobody listens yet.
    socket.on('error', () => {})
    // The end of one direction is not that of the other.
    socket.allowHalfOpen = true
    if (this.#cancelled !== undefined) return void socket.destroy()
    const headers = switchFields(controller.rawHeaders as Buffer[], this.#options.upgrade, upgrade)
    if (headers instanceof WeirError) {
      socket.destroy()
      return this.#fail(headers)
    }
    this.#over('ended')
    const tunnel = { socket, protocol: String(upgrade), idleMs: this.#context.limits.tunnel }
    this.#resolve({ status, statusText: undefined, headers, body: Body.empty(), upgrade: tunnel })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#phase === 'over') return
    if (this.#mayResend(error)) {
      this.#resent = true
      this.#phase = 'connecting'
      this.#controller = undefined
      this.#context.pool.dispatch(this.#options, this)
      return
    }
    this.#fail(failureOf(error, this.#controller !== undefined, this.#phase === 'body'))
  }

  // The downstream's side: the body is read.

  start(sink: BodySink): void {
    const queue = this.#queue
    this.#queue = undefined
    let more = true
    for (const chunk of queue ?? []) more = sink.write(chunk) && more
    this.#sink = sink
    if (this.#end === 'ended') sink.end(this.#trailers)
    else if (this.#end !== undefined) sink.fail(this.#end)
    else if (!more) this.pause()
    else if (this.#paused) this.resume()
  }

  pause(): void {
    this.#paused = true
    this.#controller?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#active = this.#context.timers.turn
    this.#controller?.resume()
  }

  /** Nobody wants the answer: the upstream is told at once, by closing the connection. */
  cancel(error: Error = new WeirError('client_gone')): void {
    if (this.#phase === 'over') return
    this.#sink = undefined
    this.#fail(error instanceof WeirError ? error : new WeirError('internal_error', undefined, { cause: error }))
  }

  #fail(error: WeirError): void {
    this.#cancelled = error
    this.#over(error)
    // Before it has a connection a request can't be aborted: the connecting is, and else onRequestStart does it.
    if (this.#controller !== undefined) this.#controller.abort(error)
    else this.client?.abandon()
    this.#upload?.destroy()
    this.#reject(error) // does nothing once the head was given
    this.#sink?.fail(error)
  }

  #over(end: 'ended' | WeirError): void {
    this.#phase = 'over'
    this.#end = end
    this.#deadline?.cancel()
    this.#deadline = undefined
    this.#deadlines?.over()
  }

  /**
   * A kept connection may be closed by the upstream at the moment it is used again. If not one byte of an answer came,
   * and sending again can do no harm, it is sent once more, silently (RFC 9112 §9.3.1).
   */
  #mayResend(error: Error): boolean {
    return (
      !this.#resent &&
      this.#cancelled === undefined &&
      !this.#responding &&
      isClosed(error) &&
      (this.client?.answers ?? 0) > 0 &&
      this.#upload === undefined &&
      IDEMPOTENT.has(this.#options.method)
    )
  }

  /** Never for longer than the shortest limit: the phase, and with it the limit, may change before the deadline fires. */
  #arm(ms: number): void {
    const { connect, firstByte, idle } = this.#context.limits
    this.#deadline = this.#context.timers.after(Math.min(ms, connect, firstByte, idle), () => this.#check())
  }

  /** One deadline a request: when it fires, whatever happened meanwhile has moved it. */
  #check(): void {
    const { limits, timers } = this.#context
    const limit = this.#limit()
    const silent = timers.since(this.#active!)
    // A reader that is slow, or a client that uploads slowly, is no fault of the upstream.
    if (this.#clientIsSlow) return this.#arm(limits.idle)
    if (silent < limit) return this.#arm(limit - silent)
    const code =
      this.#phase === 'connecting'
        ? 'upstream_connect_timeout'
        : this.#phase === 'waiting'
          ? 'upstream_timeout'
          : 'upstream_idle_timeout'
    this.#fail(new WeirError(code, `nothing for ${Math.round(silent)} ms`))
  }

  get #clientIsSlow(): boolean {
    return (this.#phase === 'body' && this.#paused) || (this.#phase === 'sending' && this.#upload?.blocked !== true)
  }

  /** Its time is over, however much happened in it. A client that was slow to the last is to blame itself. */
  #late(): void {
    if (this.#phase === 'over') return
    const code = this.#clientIsSlow
      ? this.#phase === 'body'
        ? 'client_stalled'
        : 'request_body_timeout'
      : this.#phase === 'connecting'
        ? 'upstream_connect_timeout'
        : 'upstream_timeout'
    this.#fail(new WeirError(code, 'its deadline has passed'))
  }

  #limit(): number {
    const { limits } = this.#context
    return this.#phase === 'connecting' ? limits.connect : this.#phase === 'waiting' ? limits.firstByte : limits.idle
  }
}
