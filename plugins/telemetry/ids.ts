import { randomFillSync } from 'node:crypto'

const POOL = 4096
const ZERO_TRACE = '0'.repeat(32)
const ZERO_SPAN = '0'.repeat(16)

/**
 * Trace and span ids (W3C Trace Context §3.2.2.3 and §3.2.2.4), cut from a pool of random digits, so that only one request in about a
 * hundred needs a system call. It is also the SDK's id generator, so that a span gets the id that went upstream.
 */
export class Ids {
  readonly #bytes = Buffer.alloc(POOL)
  readonly #fill: (bytes: Buffer) => unknown
  #digits = ''
  #at = 0
  #nextTrace: string | undefined
  #nextSpan: string | undefined

  /** @param fill fills the buffer with random bytes */
  constructor(fill: (bytes: Buffer) => unknown = randomFillSync) {
    this.#fill = fill
  }

  /** 32 hex digits, not all zero. */
  trace(): string {
    const id = this.#cut(32)
    return id === ZERO_TRACE ? this.trace() : id
  }

  /** 16 hex digits, not all zero. */
  span(): string {
    const id = this.#cut(16)
    return id === ZERO_SPAN ? this.span() : id
  }

  /** The SDK's next span gets these ids; `traceId` is given for a root alone. */
  preset(traceId: string | undefined, spanId: string): void {
    this.#nextTrace = traceId
    this.#nextSpan = spanId
  }

  /** For the SDK. */
  readonly generateTraceId = (): string => {
    const id = this.#nextTrace ?? this.trace()
    this.#nextTrace = undefined
    return id
  }

  /** For the SDK. */
  readonly generateSpanId = (): string => {
    const id = this.#nextSpan ?? this.span()
    this.#nextSpan = undefined
    return id
  }

  #cut(digits: number): string {
    if (this.#at + digits > this.#digits.length) {
      this.#fill(this.#bytes)
      this.#digits = this.#bytes.toString('hex')
      this.#at = 0
    }
    const from = this.#at
    this.#at += digits
    return this.#digits.slice(from, this.#at)
  }
}
