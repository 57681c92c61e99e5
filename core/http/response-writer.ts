import type { BodySink, BodySource } from '../api/body.ts'
import { WeirError } from '../api/errors.ts'
import type { Exchange, InterimSink } from '../api/exchange.ts'
import type { HeaderList } from '../api/header-list.ts'
import type { Response, Upgrade } from '../api/reply.ts'
import { errorResponse } from '../chain/render-reply.ts'
import { directHead } from './direct-head.ts'
import { DirectOutput } from './direct-output.ts'
import { settleEarlyReply } from './early-reply.ts'
import { sendBare, switchHead, writeHead } from './head-writer.ts'
import { sendInterim } from './interim-response.ts'
import { NodeOutput } from './node-output.ts'
import type { ResponseContext } from './response-context.ts'
import type { ResponseOutput } from './response-output.ts'
import { SendTimeout } from './send-timeout.ts'
import { reset } from './tunnel/tunnel-flow.ts'

interface PendingHead {
  readonly response: Response
  /** Whether the connection ends after the response. */
  readonly close: boolean
  readonly x: Exchange
}

/** Writes one response downstream, and reports once how it ended. */
export class ResponseWriter implements BodySink, InterimSink {
  readonly #to: ResponseContext
  #sendTimeout: SendTimeout | undefined
  #source: BodySource | undefined
  /** The head, as long as an error can still replace the response. */
  #pending: PendingHead | undefined
  /** The first chunk, held while the body's source starts: a body that is complete then goes out with its head in one write. */
  #held: Buffer | undefined
  /** Undefined until the head is given to it. */
  #output: ResponseOutput | undefined
  #starting = false
  #blocked = false
  #ended = false
  #error: WeirError | undefined
  #over = false
  /** The connection was cut in the middle of the response. */
  #broken = false
  #sentStatus = 0
  /** Bytes of the body. */
  #sent = 0

  constructor(to: ResponseContext) {
    this.#to = to
    to.connection.writer = this
  }

  /** @param draining whether the response is the last on its connection */
  deliver(response: Response, x: Exchange, draining: boolean): void {
    const { req, res, requestBody, framing, timers, handshake } = this.#to
    handshake?.settle()
    if (res.destroyed || this.#over) {
      response.upgrade?.socket.destroy()
      return response.body.discard(new WeirError('client_gone'))
    }
    if (response.upgrade !== undefined && this.#switch(response, response.upgrade)) return
    const closing = draining || handshake !== undefined
    const close =
      requestBody === undefined ? closing : settleEarlyReply(req, res, requestBody, framing, timers, closing)
    this.#pending = { response, close, x }
    this.#starting = true
    this.#source = response.body.pipe(this)
    this.#starting = false
    if (this.#held !== undefined && !this.#ended) {
      const chunk = this.#held
      this.#held = undefined
      if (!this.write(chunk)) this.#source?.pause()
    } else if (!this.#ended && this.#sendHead()) this.#output!.flushHead()
  }

  inform(status: number, headers: HeaderList): void {
    if (this.#output === undefined && !this.#ended) sendInterim(this.#to.req, this.#to.res, status, headers)
  }

  write(chunk: Buffer): boolean {
    if (this.#starting && this.#held === undefined) {
      this.#held = chunk
      return true
    }
    if (!this.#sendHead()) return false
    if (this.#held !== undefined) this.#put(this.#held)
    this.#held = undefined
    if (this.#put(chunk)) return true
    if (!this.#blocked) {
      this.#blocked = true
      this.#await()
      this.#output!.onDrain(() => {
        this.#blocked = false
        this.#sendTimeout!.stop()
        this.#source?.resume()
      })
    }
    return false
  }

  #put(chunk: Buffer): boolean {
    this.#sent += chunk.length
    return this.#output!.write(chunk)
  }

  end(trailers?: HeaderList): void {
    if (this.#ended) return
    if (!this.#sendHead()) return
    this.#ended = true
    const chunk = this.#held
    this.#held = undefined
    this.#sent += chunk?.length ?? 0
    this.#output!.end(chunk, trailers)
    if (this.#to.req.socket.writableLength > 0) this.#await()
  }

  /**
   * The body broke off. If the head is not sent yet, an error replaces the response. Otherwise the connection is cut, so that
   * the client does not take what was sent for a complete response (RFC 9112 §8).
   */
  fail(error: Error): void {
    this.#held = undefined
    this.#error = error instanceof WeirError ? error : new WeirError('internal_error', undefined, { cause: error })
    if (this.#pending !== undefined) return this.#replace(this.#pending, this.#error)
    this.#cut()
  }

  /** Ends the response as well as it still can: with an empty 500 while no head is out, else with a cut. */
  abandon(error: WeirError): void {
    this.#to.handshake?.settle()
    this.#held = undefined
    this.#pending = undefined
    this.#error = error
    this.#source?.cancel(error)
    if (this.#over) return
    if (this.#output !== undefined || this.#ended) return this.#cut()
    this.#ended = true
    this.#sentStatus = 500
    this.#to.res.once('close', () => this.closed())
    sendBare(this.#to.res, 500)
  }

  #cut(): void {
    this.#ended = true
    this.#broken = true
    // A response to HTTP/1.0 may end with its connection: only a reset shows that it is not complete. What a client does not read
    // would stay in the kernel for minutes after any other end.
    if (this.#to.req.httpVersion === '1.0' || this.#error?.code === 'client_stalled') reset(this.#to.req.socket)
    this.#to.res.destroy()
  }

  /** Something waits until the client reads it. */
  #await(): void {
    this.#sendTimeout ??= new SendTimeout(this.#to.res, this.#to.req.socket, this.#to.limits, this.#to.timers, () =>
      this.fail(new WeirError('client_stalled')),
    )
    this.#sendTimeout.start()
  }

  /** Gives the head to Node, which sends it with the first bytes. False if it can't be sent: an error has replaced it. */
  #sendHead(): boolean {
    const pending = this.#pending
    if (pending === undefined) return !this.#ended
    this.#pending = undefined
    try {
      this.#head(pending)
      return true
    } catch (cause) {
      // Node refuses characters that no field may have (RFC 9110 §5.5). Filters can't set them: they came from the upstream.
      const code = pending.response.local === undefined ? 'upstream_protocol_error' : 'internal_error'
      this.#source?.cancel()
      pending.response.body.discard()
      this.#replace(pending, new WeirError(code, undefined, { cause }))
      return false
    }
  }

  /** Sends an error instead of a response whose head is not sent yet. */
  #replace({ close, x }: PendingHead, error: WeirError): void {
    this.#pending = undefined
    this.#ended = true
    this.#error = error
    const response = errorResponse(x, error)
    x.response = response
    x.beforeHead?.(response)
    this.#head({ response, close, x })
    response.body.pipe({
      write: (chunk) => this.#put(chunk),
      end: () => this.#output!.end(undefined, undefined),
      fail: () => {},
    })
  }

  #head({ response, close, x }: PendingHead): void {
    this.#output = this.#outputFor(response, x.request.method, close)
    this.#to.framing.waiting = false
    this.#sentStatus = response.status
  }

  #outputFor(response: Response, method: string, close: boolean): ResponseOutput {
    const { req, res, limits, handshake } = this.#to
    const over = (): void => this.closed()
    if (handshake === undefined && DirectOutput.takes(req, res)) {
      const last = close || !res.shouldKeepAlive
      const head = directHead(response, method, last, limits.idleTimeoutMs)
      if (head !== undefined) return new DirectOutput(res, head, last, over)
    }
    writeHead(res, response, method, close, limits.idleTimeoutMs)
    return new NodeOutput(res, over)
  }

  /** Switches protocols. False if the response is no switch any more: a filter refused it, or its head can't be sent. */
  #switch(response: Response, upgrade: Upgrade): boolean {
    const head = this.#to.handshake === undefined ? undefined : switchHead(response)
    if (head === undefined) {
      upgrade.socket.destroy()
      return false
    }
    this.#to.res.detachSocket(this.#to.req.socket)
    this.#ended = true
    this.#sentStatus = 101
    this.#to.connection.writer = undefined
    this.#to.handshake!.switch(head, upgrade, () => this.closed())
    return true
  }

  /** The response is over, or its connection has closed. */
  closed(): void {
    if (this.#over) return
    this.#over = true
    const completed = !this.#broken && this.#ended && (this.#to.res.writableFinished || this.#to.res.socket === null)
    if (!completed) this.#source?.cancel(this.#error ?? new WeirError('client_gone'))
    const tunnel = this.#to.handshake?.transferred
    const outcome = completed ? 'completed' : 'aborted'
    const received = tunnel?.received ?? this.#to.requestBody?.received ?? 0
    const sent = tunnel?.sent ?? (this.#to.req.method === 'HEAD' ? 0 : this.#sent)
    this.#to.owner.responseEnded({ outcome, status: this.#sentStatus, error: this.#error, received, sent })
  }
}
