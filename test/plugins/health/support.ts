import type { HealthCheck } from '../../../core/control/health-control.ts'
import type { HealthCheckRequest, HealthCheckResponse } from '../../../core/index.ts'
import { endpoint, FilterBench, targetOf } from '../../../core/testing.ts'
import { HealthChecker } from '../../../plugins/health/health-checker.ts'

export const CHECK: HealthCheck = {
  method: 'GET',
  path: '/health',
  headers: {},
  intervalMs: 10_000,
  timeoutMs: 2000,
  unhealthyThreshold: 2,
  healthyThreshold: 2,
  statuses: ['2xx'],
  bodyMatch: undefined,
}

/** A check that a test answers. */
export interface Asked {
  readonly url: string
  readonly check: HealthCheckRequest
  /** Milliseconds of the bench's clock. */
  readonly at: number
  answer(status: number, body?: string): Promise<void>
}

/** A checker on time and upstreams in the test's hand. `endpoints` are ids with the hosts of their targets. */
export function setUp(endpoints: Readonly<Record<string, readonly string[]>>, options: { atOnce?: number } = {}) {
  const bench = new FilterBench()
  const asked: Asked[] = []
  let seed = 0
  const random = (): number => (seed = (seed + 0.618034) % 1)
  const { registry, timers, clock, meter } = bench
  const checker = new HealthChecker({ registry, timers, clock, meter, random, ...options })
  checker.start()
  const offered = new WeakSet<object>()
  const configure = (
    now: Readonly<Record<string, readonly string[]>>,
    status: 'active' | 'disabled' = 'active',
  ): void => {
    const all = Object.entries(now).map(([id, hosts]) =>
      endpoint(id, { status, targets: hosts.map((host) => targetOf(`http://${host}`)) }),
    )
    registry.sync(all)
    for (const { targets } of registry.all())
      for (const target of targets) {
        if (offered.has(target)) continue
        offered.add(target)
        target.offerHealthCheck(
          (check) =>
            new Promise<HealthCheckResponse>((resolve, reject) => {
              check.signal.addEventListener('abort', () => reject(check.signal.reason))
              const answer = async (code: number, body = ''): Promise<void> => {
                resolve({ status: code, body: Buffer.from(body) })
                await settle()
              }
              asked.push({ url: target.url, check, at: clock.now(), answer })
            }),
        )
      }
  }
  configure(endpoints)
  return {
    bench,
    registry,
    checker,
    asked,
    configure,
    /** The checks since the last look. */
    taken: () => asked.splice(0),
    /** Lets time pass, tick by tick. */
    pass: async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 50) {
        clock.advance(Math.min(left, 50))
        timers.advance()
        await settle()
      }
    },
    health: (id: string) => registry.get(id)!.targets.map((target) => target.health),
  }
}

/** Until promises that follow from one another are done. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
