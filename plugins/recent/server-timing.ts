import type { Exchange } from '../../core/index.ts'

/** What no token may have (RFC 9110 §5.6.2). */
const OTHER = /[^\w!#$%&'*+.^`|~-]/g

/**
 * `Server-Timing` (W3C Server Timing) of an exchange whose head is about to be sent: a metric per filter, its own time so far, and
 * `upstream`, the time of all attempts.
 */
export function serverTiming({ recording }: Exchange): string {
  if (recording === undefined) return ''
  recording.pass()
  const metrics = Array.from(recording.steps.values(), ({ name, selfMs }) => metric(name, selfMs))
  if (recording.attempts.length > 0)
    metrics.push(
      metric(
        'upstream',
        recording.attempts.reduce((sum, { selfMs }) => sum + selfMs, 0),
      ),
    )
  return metrics.join(', ')
}

const metric = (name: string, ms: number): string => `${name.replaceAll(OTHER, '-')};dur=${ms.toFixed(3)}`
