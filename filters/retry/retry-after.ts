/** IMF-fixdate and the two obsolete forms of a date (RFC 9110 §5.6.7). */
const DATE = /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*, \d\d[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT)$/
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/

/**
 * Milliseconds that `Retry-After` asks to wait (RFC 9110 §10.2.3), or undefined if there is none or it is malformed.
 * @param wall milliseconds since the Unix epoch
 */
export function retryAfter(value: string | undefined, wall: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  if (!DATE.test(value) && !ASCTIME.test(value)) return undefined
  const at = Date.parse(ASCTIME.test(value) ? `${value} GMT` : value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - wall)
}
