import type { Dispatcher } from 'undici'
import { type HealthCheckRequest, type HealthCheckResponse, type SendHealthCheck, WeirError } from '../../core/index.ts'
import type { CountingClient, PooledRequest } from './counting-client.ts'
import { failureOf, isClosed } from './upstream-errors.ts'

/** Sends health checks through a pool, whose connections are made like those of the target's traffic. */
export const sendHealthChecksThrough =
  (pool: () => Dispatcher): SendHealthCheck =>
  (check) =>
    new Promise((resolve, reject) => new HealthCheckDispatch(pool(), check, resolve, reject).send())

class HealthCheckDispatch implements Dispatcher.DispatchHandler, PooledRequest {
  client: CountingClient | undefined = undefined
  readonly #pool: Dispatcher
  readonly #request: HealthCheckRequest
  readonly #resolve: (response: HealthCheckResponse) => void
  readonly #reject: (error: WeirError) => void
  #controller: Dispatcher.DispatchController | undefined
  /** 0 until the head has arrived. */
  #status = 0
  readonly #chunks: Buffer[] = []
  #size = 0
  #resent = false
  #over = false

  constructor(
    pool: Dispatcher,
    check: HealthCheckRequest,
    resolve: (response: HealthCheckResponse) => void,
    reject: (error: WeirError) => void,
  ) {
    this.#pool = pool
    this.#request = check
    this.#resolve = resolve
    this.#reject = reject
  }

  send(): void {
    const { signal } = this.#request
    if (signal.aborted) return this.#giveUp()
    signal.addEventListener('abort', this.#giveUp)
    this.#dispatch(this.#pool)
  }

  #dispatch(to: Dispatcher): void {
    const { method, path, headers } = this.#request
    // undici would close the connection after HEAD.
    to.dispatch({ method: method as Dispatcher.HttpMethod, path, headers: [...headers], reset: false }, this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) return controller.abort(new WeirError('upstream_timeout'))
    this.client?.begin(false)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    if (status >= 200) this.#status = status
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size < this.#request.maxBody) return
    this.#succeed()
    controller.abort(new WeirError('client_gone'))
  }

  onResponseEnd(): void {
    // undici takes a reset for the end of a body that ends with its connection; RFC 9112 §8 does not.
    if (this.client?.broken) return this.#fail(new WeirError('upstream_reset'))
    if (this.client !== undefined) this.client.responses++
    this.#succeed()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return
    // A kept connection may be closed at the moment it is used again, which says nothing about the target (RFC 9112 §9.3.1).
    if (this.#status === 0 && !this.#resent && isClosed(error) && (this.client?.responses ?? 0) > 0) {
      this.#resent = true
      this.#controller = undefined
      // Not through the pool, whose next connection may be stale too: this client has none now, and makes a new one.
      return this.#dispatch(this.client!)
    }
    this.#fail(failureOf(error, this.#controller !== undefined, this.#status > 0))
  }

  #succeed(): void {
    if (!this.#end()) return
    this.#resolve({ status: this.#status, body: Buffer.concat(this.#chunks).subarray(0, this.#request.maxBody) })
  }

  /** Gives up the check. A request without a connection can't be aborted: the attempt to connect is, or else onRequestStart aborts it. */
  readonly #giveUp = (): void => {
    const { reason } = this.#request.signal
    this.#fail(reason as Error)
    if (this.#controller !== undefined) this.#controller.abort(reason as Error)
    else this.client?.abandon()
  }

  #fail(error: Error): void {
    if (this.#end()) this.#reject(failureOf(error, this.#controller !== undefined, this.#status > 0))
  }

  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#request.signal.removeEventListener('abort', this.#giveUp)
    return true
  }
}
