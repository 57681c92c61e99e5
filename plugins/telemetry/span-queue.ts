import { createTraceState, diag } from '@opentelemetry/api'
import { type Meter, startTimer } from '../../core/index.ts'
import { writeSpan } from './otlp-span.ts'
import { ProtoWriter } from './proto-writer.ts'
import type { SpanLimits } from './span-limits.ts'
import type { TraceRecord, TraceSink } from './span-record.ts'

/** Spans as they are on the wire, for one export. */
export interface SpanBatch {
  /** Elements of `ScopeSpans.spans`, one behind another. */
  readonly bytes: Buffer
  readonly count: number
}

/** Bounds of the queue (OpenTelemetry SDK environment variables, "Batch Span Processor"). */
export interface QueueLimits {
  /** Spans that may wait, those of the running export included. */
  readonly queueSize: number
  /** Spans per export. */
  readonly batchSize: number
  /** How long the first span of a batch waits for others; milliseconds. */
  readonly delayMs: number
}

/** Sends one batch, whose bytes it does not read later. Resolves with undefined when the collector has it, else with the reason; never rejects. */
export type SendBatch = (batch: SpanBatch) => Promise<string | undefined>

/** A batch of this many bytes is sent even if it has fewer spans. */
const BATCH_BYTES = 1 << 20
/** Bytes that may wait. */
const QUEUE_BYTES = 32 << 20

/** The bounds that the variables set; what is no positive number counts as unset. */
export function queueLimitsOf(variables: Readonly<Record<string, string>>): QueueLimits {
  const positive = (name: string, otherwise: number): number => {
    const value = Number(variables[name])
    return value > 0 ? value : otherwise
  }
  const queueSize = positive('OTEL_BSP_MAX_QUEUE_SIZE', 2048)
  return {
    queueSize,
    batchSize: Math.min(positive('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512), queueSize),
    delayMs: positive('OTEL_BSP_SCHEDULE_DELAY', 5000),
  }
}

/**
 * Writes spans as OTLP at once, and sends them in batches, one at a time. It keeps whole traces: one that finds the queue full is
 * dropped and counted, so the queue exceeds its bound by one trace at most.
 */
export class SpanQueue implements TraceSink {
  readonly #limits: QueueLimits
  readonly #spanLimits: SpanLimits
  readonly #send: SendBatch
  readonly #writer = new ProtoWriter()
  readonly #dropped = { queue_full: 0, export_failed: 0, invalid: 0 }
  readonly #unregister: (() => void) | undefined
  #batches: SpanBatch[] = []
  /** Spans in the writer. */
  #open = 0
  /** Spans and bytes in batches, those of the running export included. */
  #waiting = 0
  #bytes = 0
  #untold = 0
  #timer: { cancel(): void } | undefined
  #sending: Promise<void> | undefined
  #closed = false

  constructor(parts: { limits: QueueLimits; spanLimits: SpanLimits; send: SendBatch; meter?: Meter | undefined }) {
    this.#limits = parts.limits
    this.#spanLimits = parts.spanLimits
    this.#send = parts.send
    this.#unregister = parts.meter?.register({
      name: 'weir_tracing_spans_dropped_total',
      help: 'Spans that no collector got: the queue was full, or the export failed.',
      type: 'counter',
      collect: () => Object.entries(this.#dropped).map(([reason, value]) => ({ labels: { reason }, value })),
    })
  }

  add(trace: TraceRecord): void {
    const { spans } = trace
    if (this.#closed || this.#open + this.#waiting >= this.#limits.queueSize || this.#bytes >= QUEUE_BYTES) {
      this.#untold += spans.length
      this.#dropped.queue_full += spans.length
      return
    }
    const from = this.#writer.length
    try {
      this.#write(trace)
    } catch (error) {
      // A plugin in JavaScript has given an attribute that can't be read.
      this.#writer.rewind(from)
      this.#dropped.invalid += spans.length
      diag.warn('the spans of a request could not be written', error instanceof Error ? error.message : '')
      return
    }
    this.#open += spans.length
    if (this.#open >= this.#limits.batchSize || this.#writer.length >= BATCH_BYTES) this.#seal()
    else this.#timer ??= startTimer(this.#limits.delayMs, () => this.#seal(), { background: true })
  }

  /** Sends what is there. Resolves when it has been sent, or has failed. Later spans are dropped. */
  async close(): Promise<void> {
    this.#closed = true
    this.#seal()
    await this.#sending
    this.#unregister?.()
  }

  #write(trace: TraceRecord): void {
    const state = trace.traceState === undefined ? '' : createTraceState(trace.traceState).serialize()
    let first = true
    for (const span of trace.spans) {
      writeSpan(this.#writer, trace, span, state, first && span.parentId !== undefined, this.#spanLimits)
      first = false
    }
  }

  #seal(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#open > 0) {
      const count = this.#open
      // The library writes what it sends to its debug log.
      const batch = { bytes: this.#writer.take(), count, toJSON: () => ({ spans: count }) }
      this.#open = 0
      this.#waiting += batch.count
      this.#bytes += batch.bytes.length
      this.#batches.push(batch)
    }
    if (this.#batches.length > 0) this.#sending ??= this.#sendAll()
  }

  async #sendAll(): Promise<void> {
    for (let batch = this.#batches.shift(); batch !== undefined; batch = this.#batches.shift()) {
      const failure = await this.#send(batch)
      this.#writer.recycle(batch.bytes)
      this.#waiting -= batch.count
      this.#bytes -= batch.bytes.length
      if (failure !== undefined) {
        this.#dropped.export_failed += batch.count
        diag.error(`the export of spans failed: ${failure}`)
      }
      if (this.#untold > 0) diag.warn(`${this.#untold} spans were dropped: the queue was full`)
      this.#untold = 0
    }
    this.#sending = undefined
  }
}
