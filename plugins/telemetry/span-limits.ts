/** Bounds of one span (OpenTelemetry SDK environment variables, "Attribute limits" and "Span limits"). */
export interface SpanLimits {
  readonly attributes: number
  /** UTF-16 units, as the SDK counts. */
  readonly valueLength: number
  readonly events: number
  readonly attributesPerEvent: number
}

/**
 * Longest value of an attribute where no variable says less, in UTF-16 units. The SDK has no such bound; without one, the
 * queue of spans could grow to any size.
 */
const VALUE_LENGTH = 32_768
const COUNT = 128

/** The limits that the variables set; a value that is no number counts as unset. */
export function spanLimitsOf(variables: Readonly<Record<string, string>>): SpanLimits {
  const limit = (otherwise: number, ...names: readonly string[]): number => {
    for (const name of names) {
      const value = Number(variables[name] ?? Number.NaN)
      if (!Number.isNaN(value)) return Math.max(0, value)
    }
    return otherwise
  }
  const length = limit(VALUE_LENGTH, 'OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT')
  return {
    attributes: limit(COUNT, 'OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'),
    valueLength: Math.min(length, VALUE_LENGTH),
    events: limit(COUNT, 'OTEL_SPAN_EVENT_COUNT_LIMIT'),
    attributesPerEvent: limit(COUNT, 'OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', 'OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT'),
  }
}
