import type { RequestListener } from 'node:http'
import { bodyOf } from '../../support/upstream.ts'
import type { Proxied, proxied } from '../proxy/support.ts'

export const QUICK = { backoff: { base: '1ms', max: '5ms' }, budget: { min_retries: 100 } }
export type Settings = NonNullable<Parameters<typeof proxied>[2]>
export const retrying = (options: Record<string, unknown> = {}, more: Settings = {}): Settings => ({
  ...more,
  breaker: { failure_threshold: 1000, ...more.breaker },
  retry: { ...QUICK, ...options },
})

/** An upstream that answers with these statuses in turn, the last one for ever. */
export const inTurn = (...statuses: number[]): { listener: RequestListener; bodies: string[] } => {
  const bodies: string[] = []
  return {
    bodies,
    listener: async (req, res) => {
      bodies.push((await bodyOf(req)).toString())
      res.statusCode = statuses[Math.min(bodies.length, statuses.length) - 1]!
      res.end(`answer ${bodies.length}`)
    },
  }
}

/** Outcomes as the metric counts them. */
export async function counted({ metrics }: Proxied): Promise<Record<string, number>> {
  const text = await metrics()
  const found = text.matchAll(/^weir_retries_total\{endpoint="api",outcome="(\w+)"\} (\d+)$/gm)
  return Object.fromEntries([...found].map(([, outcome, value]) => [outcome!, Number(value)]))
}
