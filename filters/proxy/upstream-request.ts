import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { Body, type Exchange, type Response, WeirError } from '../../core/index.ts'
import type { CountingClient, PooledRequest } from './counting-client.ts'
import { Deadlines, type TimeLeft, UNLIMITED } from './deadlines.ts'
import { deadlineError, type RequestPhase, silenceError, silenceLimit } from './phase-timeouts.ts'
import { interimFields, lengthOf, responseFields, switchFields } from './response-head.ts'
import { ResponseSource, type ResponseSourceOwner } from './response-source.ts'
import { Watched } from './silence-watch.ts'
import { announcedTrailers, takesTrailers, trailerFields } from './trailers.ts'
import type { Upload } from './upload.ts'
import type { UpstreamContext } from './upstream-context.ts'
import { failureOf, isClosed } from './upstream-errors.ts'

/** Methods that may be sent again (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** Fields that undici's parser obeys even in a trailer section. */
const OBEYED = ['connection', 'proxy-connection', 'transfer-encoding']

/** One request to the upstream, as undici's handler: follows its phases, and fails it when one takes too long. */
export class UpstreamRequest extends Watched implements Dispatcher.DispatchHandler, PooledRequest, ResponseSourceOwner {
  readonly #context: UpstreamContext
  readonly #x: Exchange
  readonly #options: Dispatcher.DispatchOptions
  readonly #upload: Upload | undefined
  client: CountingClient | undefined = undefined
  #controller: Dispatcher.DispatchController | undefined
  #phase: RequestPhase = 'connecting'
  #responding = false
  /** Whether all of the request is sent. A response may come before, and both may then go on (RFC 9112 §9.3). */
  #sent = false
  #resent = false
  #cancelled: Error | undefined
  #source: ResponseSource | undefined
  /** Whether trailer fields of the response go to the client. */
  #takesTrailers = false
  readonly #left: TimeLeft
  #deadlines: Deadlines | undefined
  #resolve!: (response: Response) => void
  #reject!: (error: WeirError) => void

  /** @param left time for all of it, whatever the limits of its phases are */
  constructor(
    context: UpstreamContext,
    x: Exchange,
    options: Dispatcher.DispatchOptions,
    upload: Upload | undefined,
    left: TimeLeft = UNLIMITED,
  ) {
    super(context.silence.turn)
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
      if (this.#left !== UNLIMITED)
        this.#deadlines = new Deadlines(this.#context.timers, this.#left, () => this.#late())
      this.#context.silence.enter(this)
      this.#context.pool.dispatch(this.#options, this)
    })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#cancelled !== undefined) return controller.abort(this.#cancelled)
    this.active = this.#context.silence.turn
    this.client?.begin(this.#upload !== undefined)
    if (this.#phase !== 'over') this.#phase = this.#upload === undefined ? 'waiting' : 'sending'
  }

  onBodySent(): void {
    this.active = this.#context.silence.turn
  }

  onRequestSent(): void {
    this.active = this.#context.silence.turn
    this.#sent = true
    if (this.#phase === 'sending') this.#phase = 'waiting'
  }

  onResponseStarted(): void {
    this.#responding = true
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, statusText = ''): void {
    const raw = controller.rawHeaders as Buffer[]
    if (status < 200) return this.#interim(status, raw)
    this.active = this.#context.silence.turn
    const headers = responseFields(raw, status, statusText, this.#context.mapping, this.#x)
    if (headers instanceof WeirError) return this.#fail(headers)
    const declared = headers.get('content-length')
    const length = lengthOf(declared, this.#options.method, status)
    if (length !== undefined && !Number.isSafeInteger(length))
      return this.#fail(new WeirError('upstream_protocol_error', 'a length that nobody can count'))
    this.#phase = 'body'
    this.#deadlines?.headReceived()
    if (declared === undefined && takesTrailers(this.#x, status)) {
      this.#takesTrailers = true
      for (const names of announcedTrailers(raw)) headers.add('Trailer', names)
    }
    this.#source = new ResponseSource(controller, this)
    const body = new Body(this.#source, length)
    this.#resolve({ status, statusText, headers, body })
  }

  #interim(status: number, raw: Buffer[]): void {
    const headers = interimFields(raw, status)
    if (headers instanceof WeirError) return this.#fail(headers)
    try {
      this.#x.inform(status, headers)
    } catch {
      // A field that can't be written. An interim response is only advice; the final one counts.
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.active = this.#context.silence.turn
    this.#source?.write(chunk)
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    const { client } = this
    if (client !== undefined) {
      // undici takes a reset for the end of a body that ends with its connection; RFC 9112 §8 does not.
      if (client.broken) return this.#fail(new WeirError('upstream_reset'))
      client.responses++
      // RFC 9110 §6.5.1: they mean nothing in a trailer section, but the parser would refuse the next response.
      if (trailers !== undefined && OBEYED.some((name) => trailers[name] !== undefined)) client.drop()
    }
    this.#over()
    // undici destroys it later, when the request's body may already be part of the next attempt.
    this.#upload?.destroy()
    this.#source?.end(this.#takesTrailers ? trailerFields(controller.rawTrailers as Buffer[] | null) : undefined)
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    { upgrade }: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    // undici no longer listens to it, and nobody else does yet.
    socket.on('error', () => {})
    // The end of one direction is not that of the other.
    socket.allowHalfOpen = true
    if (this.#cancelled !== undefined) return void socket.destroy()
    const { mapping } = this.#context
    const raw = controller.rawHeaders as Buffer[]
    const headers = switchFields(raw, this.#options.upgrade, upgrade, mapping, this.#x)
    if (headers instanceof WeirError) {
      socket.destroy()
      return this.#fail(headers)
    }
    this.#over()
    const tunnel = { socket, protocol: String(upgrade), idleMs: this.#context.limits.tunnel }
    this.#resolve({ status, statusText: undefined, headers, body: Body.empty(), upgrade: tunnel })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#phase === 'over') return
    if (this.#mayResend(error)) {
      this.#resent = true
      this.#phase = 'connecting'
      this.#controller = undefined
      // Not through the pool, whose next connection may be stale too: this client has none now, and makes a new one.
      this.client!.dispatch(this.#options, this)
      return
    }
    this.#fail(failureOf(error, this.#controller !== undefined, this.#phase === 'body'))
  }

  resumed(): void {
    this.active = this.#context.silence.turn
  }

  /** The client has left. The connection closes at once, so that the upstream notices. */
  abandon(): void {
    if (this.#phase !== 'over') this.#fail(new WeirError('client_gone'))
  }

  /** Ends it, because nobody wants the response. */
  cancel(error: Error = new WeirError('client_gone')): void {
    if (this.#phase === 'over') return
    this.#source?.detach()
    this.#fail(error instanceof WeirError ? error : new WeirError('internal_error', undefined, { cause: error }))
  }

  /** Infinite while the client is slow, reading or uploading, even both at once: the upstream is not to blame for that. */
  idleLimit(): number {
    return this.#clientIsSlow ? Infinity : silenceLimit(this.#phase, this.#context.limits)
  }

  onIdle(silentMs: number): void {
    this.#fail(new WeirError(silenceError(this.#phase), `nothing for ${Math.round(silentMs)} ms`))
  }

  #late(): void {
    if (this.#phase === 'over') return
    this.#fail(new WeirError(deadlineError(this.#phase, this.#clientIsSlow), 'its deadline has passed'))
  }

  get #clientIsSlow(): boolean {
    const uploads = !this.#sent && this.#upload?.blocked === false
    if (this.#phase === 'body') return uploads || this.#source?.paused === true
    return this.#phase === 'sending' && uploads
  }

  #fail(error: WeirError): void {
    this.#cancelled = error
    this.#over()
    // A request without a connection can't be aborted: the attempt to connect is, or else onRequestStart aborts it.
    if (this.#controller !== undefined) this.#controller.abort(error)
    else this.client?.abandon()
    this.#upload?.destroy()
    this.#reject(error) // does nothing once the head was given
    this.#source?.fail(error)
  }

  #over(): void {
    this.#phase = 'over'
    this.#context.silence.leave(this)
    this.#deadlines?.over()
  }

  /**
   * The upstream may close a kept connection at the moment it is used again. If no byte of a response came, and to send again
   * can do no harm, the request is sent once more within the same attempt (RFC 9112 §9.3.1).
   */
  #mayResend(error: Error): boolean {
    return (
      !this.#resent &&
      this.#cancelled === undefined &&
      !this.#responding &&
      isClosed(error) &&
      (this.client?.responses ?? 0) > 0 &&
      this.#upload === undefined &&
      IDEMPOTENT.has(this.#options.method)
    )
  }
}
