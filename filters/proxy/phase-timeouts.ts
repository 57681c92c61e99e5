import type { ErrorCode } from '../../core/index.ts'
import type { Limits } from './upstream-context.ts'

/** What an upstream request waits for: a connection, its own body to be sent, the response head, the response body. */
export type RequestPhase = 'connecting' | 'sending' | 'waiting' | 'body' | 'over'

/** Silence that is allowed in a phase, in milliseconds. */
export const silenceLimit = (phase: RequestPhase, { connect, firstByte, idle }: Limits): number =>
  phase === 'connecting' ? connect : phase === 'waiting' ? firstByte : idle

/** The shortest of the limits of all phases, in milliseconds. */
export const shortestLimit = ({ connect, firstByte, idle }: Limits): number => Math.min(connect, firstByte, idle)

/** Error of a phase in which the upstream was silent for too long. */
export function silenceError(phase: RequestPhase): ErrorCode {
  if (phase === 'connecting') return 'upstream_connect_timeout'
  return phase === 'waiting' ? 'upstream_timeout' : 'upstream_idle_timeout'
}

/**
 * Error of a request whose deadline has passed in a phase.
 * @param clientIsSlow the upstream waited for the client when it passed
 */
export function deadlineError(phase: RequestPhase, clientIsSlow: boolean): ErrorCode {
  if (clientIsSlow) return phase === 'body' ? 'client_stalled' : 'request_body_timeout'
  return phase === 'connecting' ? 'upstream_connect_timeout' : 'upstream_timeout'
}
