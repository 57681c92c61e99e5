import { DURATION_BUCKETS } from './histogram.ts'
import { LabelledValues } from './labelled-values.ts'
import type { HistogramSample, Sample } from './meter.ts'

/**
 * A counter of a plugin, from `env.counter`. It never falls, and lives over reloads.
 *
 * ```ts
 * const refused = env.counter('tenant_refused_total', 'Requests of tenants that are over their quota.', ['tenant'])
 * refused.add(1, { tenant: 'acme' })
 * ```
 */
export interface CounterInstrument<Label extends string = never> {
  /** @param amount finite, not negative; others are ignored. @param labels those that are not given are empty */
  add(amount?: number, labels?: Readonly<Partial<Record<Label, string>>>): void
}

/**
 * A gauge of a plugin, from `env.gauge`: a number that rises and falls. With several workers it is their sum, unless it was made with
 * `{ aggregate: 'max' }`.
 *
 * ```ts
 * const waiting = env.gauge('tenant_waiting', 'Requests that wait for their tenant.')
 * waiting.add(1)
 * ```
 */
export interface GaugeInstrument<Label extends string = never> {
  set(value: number, labels?: Readonly<Partial<Record<Label, string>>>): void
  /** @param amount may be negative; what is no finite number is ignored */
  add(amount: number, labels?: Readonly<Partial<Record<Label, string>>>): void
}

/**
 * A histogram of a plugin, from `env.histogram`.
 *
 * ```ts
 * const lookups = env.histogram('tenant_lookup_seconds', 'Time to find a tenant.', ['store'])
 * lookups.record(0.004, { store: 'redis' })
 * ```
 */
export interface HistogramInstrument<Label extends string = never> {
  /** @param value in the metric's unit; what is no number is ignored */
  record(value: number, labels?: Readonly<Partial<Record<Label, string>>>): void
}

/** What an instrument gives to its metric. */
export interface Instrument {
  samples(): readonly (Sample | HistogramSample)[]
}

interface Cell {
  value: number
}

/** One number per combination of label values. */
abstract class Numbers<Label extends string> implements Instrument {
  readonly #values: LabelledValues<Label, Cell>

  constructor(labels: readonly Label[]) {
    this.#values = new LabelledValues(labels, () => ({ value: 0 }))
    // Without labels there is one number from the beginning, so that rates work from the first scrape.
    if (labels.length === 0) this.#values.of(undefined)
  }

  protected cell(labels: Readonly<Partial<Record<Label, string>>> | undefined): Cell {
    return this.#values.of(labels)
  }

  samples(): Sample[] {
    return Array.from(this.#values.all(), ({ labels, value: { value } }) => ({ labels, value }))
  }
}

/** @internal */
export class LabelledCounter<Label extends string> extends Numbers<Label> implements CounterInstrument<Label> {
  add(amount = 1, labels?: Readonly<Partial<Record<Label, string>>>): void {
    // Plugins in JavaScript may give anything: a text would be joined to the number, and Infinity would stay for good.
    if (Number.isFinite(amount) && amount >= 0) this.cell(labels).value += amount
  }
}

/** @internal */
export class LabelledGauge<Label extends string> extends Numbers<Label> implements GaugeInstrument<Label> {
  set(value: number, labels?: Readonly<Partial<Record<Label, string>>>): void {
    if (typeof value === 'number') this.cell(labels).value = value
  }

  add(amount: number, labels?: Readonly<Partial<Record<Label, string>>>): void {
    if (Number.isFinite(amount)) this.cell(labels).value += amount
  }
}

interface Buckets {
  readonly counts: number[]
  sum: number
  count: number
}

/** @internal */
export class LabelledHistogram<Label extends string> implements HistogramInstrument<Label>, Instrument {
  readonly #bounds: readonly number[]
  readonly #values: LabelledValues<Label, Buckets>

  /** @param bounds upper bounds of the buckets, rising */
  constructor(labels: readonly Label[], bounds: readonly number[] = DURATION_BUCKETS) {
    this.#bounds = bounds
    this.#values = new LabelledValues(labels, () => ({
      counts: new Array<number>(bounds.length + 1).fill(0),
      sum: 0,
      count: 0,
    }))
    if (labels.length === 0) this.#values.of(undefined)
  }

  record(value: number, labels?: Readonly<Partial<Record<Label, string>>>): void {
    if (!Number.isFinite(value)) return
    const buckets = this.#values.of(labels)
    let i = 0
    while (i < this.#bounds.length && value > this.#bounds[i]!) i++
    buckets.counts[i]!++
    buckets.sum += value
    buckets.count++
  }

  samples(): HistogramSample[] {
    return Array.from(this.#values.all(), ({ labels, value: { counts, sum, count } }) => ({
      labels,
      bounds: this.#bounds,
      buckets: [...counts],
      sum,
      count,
    }))
  }
}
