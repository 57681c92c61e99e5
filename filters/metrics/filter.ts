import {
  type Clock,
  defineFilter,
  type Exchange,
  type FilterEnv,
  type Finished,
  type Outcome,
} from '../../core/index.ts'
import { RequestMetrics } from './request-metrics.ts'

/**
 * Counts requests, attempts and local replies for Prometheus. It can stand anywhere in the chain. The counts outlive reloads, and
 * all instances share them.
 */
export const metrics = defineFilter({
  name: 'metrics',
  apiVersion: 1,
  summary: 'Counts requests, attempts and local replies for Prometheus.',
  prompt: true,
  create: (_options, env: FilterEnv) => {
    const counts = env.share('counts', {
      scope: 'factory',
      version: 1,
      make: () => new RequestMetrics(env.meter),
      close: (kept) => kept.close(),
    })
    return {
      settled(x, _attempt, outcome) {
        const status = clientStatus(outcome)
        if (status !== undefined)
          counts.client.observe(x.endpoint, x.request.method, status, outcome.totalMs / 1000, tracedOf(x, env.clock))
      },
      log(finished) {
        const x = finished.exchange
        const traced = x && tracedOf(x, env.clock)
        const seconds = finished.durationMs / 1000
        counts.server.observe(x?.endpoint, x?.request.method ?? '', serverStatus(finished), seconds, traced)
        const local = x?.response?.local
        if (local !== undefined) counts.replies.add(local.filter, local.reason)
      },
    }
  },
})

/** The trace of an exchange, where it is sure to be recorded: with it one finds a trace of what a histogram shows. */
const tracedOf = ({ trace }: Exchange, clock: Clock): { traceId: string; at: number } | undefined =>
  trace === undefined || trace.sampled === false ? undefined : { traceId: trace.traceId, at: clock.wall() }

/** The status sent, or how the exchange ended if none was. */
function serverStatus({ status, outcome }: Finished): number | string {
  return status > 0 && status < 1000 ? status : outcome
}

/** The upstream's status, or why there is none; undefined for an attempt that was never made. */
function clientStatus({ status, error, result }: Outcome): number | string | undefined {
  if (status !== undefined) return status > 0 && status < 1000 ? status : '_OTHER'
  if (error !== undefined) return error.code
  return result === 'ignored' ? undefined : result
}
