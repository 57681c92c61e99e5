import type { BodySource } from '../../api/body.ts'
import { WeirError } from '../../api/errors.ts'
import type { Exchange, InterimSink } from '../../api/exchange.ts'
import { HeaderList } from '../../api/header-list.ts'
import type { Response } from '../../api/reply.ts'
import { errorResponse } from '../../chain/render-reply.ts'
import type { ResponseOutlet } from '../../chain/response-phase.ts'

/** A response as it came to the client. */
export interface ReceivedResponse {
  /** 0 if the client left before there was a head. */
  readonly status: number
  readonly headers: HeaderList
  readonly bytes: Buffer
  readonly trailers: HeaderList | undefined
  readonly interim: readonly { readonly status: number; readonly headers: HeaderList }[]
  /** Set if a filter, or the engine, made it. */
  readonly local: Response['local']
  /** On 101: the protocol that was switched to. The connection ends at once. */
  readonly protocol: string | undefined
}

/** Hears how a response ended. */
export type ResponseOver = (outcome: 'completed' | 'aborted', status: number, error: WeirError | undefined) => void

/** The client of one exchange: takes the response as the listener's writer does, but into memory. */
export class TestClient implements ResponseOutlet, InterimSink {
  readonly #x: Exchange
  readonly #over: ResponseOver
  readonly #chunks: Buffer[] = []
  readonly #interim: { status: number; headers: HeaderList }[] = []
  #head: Response | undefined
  #trailers: HeaderList | undefined
  #source: BodySource | undefined
  #starting = false
  #ended = false
  /** Leaves as soon as the head is there. */
  readonly #leavesAtHead: boolean

  constructor(x: Exchange, leavesAtHead: boolean, over: ResponseOver) {
    this.#x = x
    this.#leavesAtHead = leavesAtHead
    this.#over = over
    x.interim = this
  }

  inform(status: number, headers: HeaderList): void {
    if (this.#head === undefined) this.#interim.push({ status, headers: headers.clone() })
  }

  deliver(response: Response): void {
    if (this.#ended) return void response.body.discard(new WeirError('client_gone'))
    this.#head = { ...response, headers: response.headers.clone() }
    if (response.upgrade !== undefined) {
      response.upgrade.socket.destroy()
      return this.#end(undefined)
    }
    if (this.#leavesAtHead) return this.leave()
    this.#starting = true
    this.#source = response.body.pipe({
      write: (chunk) => {
        this.#chunks.push(Buffer.from(chunk))
        return true
      },
      end: (trailers) => {
        this.#trailers = trailers
        this.#end(undefined)
      },
      fail: (error) => this.#broken(error),
    })
    this.#starting = false
  }

  abandon(error: WeirError): void {
    this.#source?.cancel(error)
    this.#end(error)
  }

  /** The client closes its connection. */
  leave(): void {
    if (this.#ended) return
    const source = this.#source
    this.#ended = true
    if (source === undefined) this.#x.response?.body.discard(new WeirError('client_gone'))
    else source.cancel(new WeirError('client_gone'))
    queueMicrotask(() => this.#over('aborted', this.#head?.status ?? 0, undefined))
  }

  received(): ReceivedResponse {
    const { status = 0, headers = new HeaderList(), local, upgrade } = this.#head ?? {}
    return {
      status,
      headers,
      // RFC 9110 §6.4.1: what could not be sent.
      bytes:
        this.#x.request.method === 'HEAD' || status === 204 || status === 304 ? NOTHING : Buffer.concat(this.#chunks),
      trailers: this.#trailers,
      interim: this.#interim,
      local,
      protocol: upgrade?.protocol,
    }
  }

  /** While nothing was sent, an error takes the place of the response; later the connection is cut. */
  #broken(thrown: Error): void {
    if (this.#ended) return
    const error = thrown instanceof WeirError ? thrown : new WeirError('internal_error', undefined, { cause: thrown })
    if (this.#starting && this.#chunks.length === 0) {
      const response = errorResponse(this.#x, error)
      this.#x.response = response
      this.#head = response
      response.body.pipe({ write: (chunk) => this.#chunks.push(chunk) > 0, end: () => {}, fail: () => {} })
      return this.#end(error, true)
    }
    this.#end(error)
  }

  /** @param replaced whether a whole error took the place of the response */
  #end(error: WeirError | undefined, replaced = false): void {
    if (this.#ended) return
    this.#ended = true
    queueMicrotask(() =>
      this.#over(error === undefined || replaced ? 'completed' : 'aborted', this.#head?.status ?? 0, error),
    )
  }
}

const NOTHING = Buffer.alloc(0)
