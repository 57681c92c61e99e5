import { Body } from '../../../core/api/body.ts'
import { RouteSlot } from '../../../core/api/endpoint.ts'
import { HeaderList } from '../../../core/api/header-list.ts'
import type { Filter, Finished, Next } from '../../../core/index.ts'
import { attempt, endpoint, exchange, FilterBench, outcome, withResponse } from '../../../core/testing.ts'
import { breaker } from '../../../filters/breaker/filter.ts'
import { concurrencyLimit } from '../../../filters/concurrency-limit/filter.ts'
import { metrics } from '../../../filters/metrics/filter.ts'
import type { MicroCase } from './micro-case.ts'

const api = endpoint('v1/api')
const bench = new FilterBench([api])
const made = async (...[factory, options]: Parameters<FilterBench['make']>): Promise<Filter> =>
  (await bench.make(factory, options, { endpoint: api })).filter

/** The hooks of single filters, called as the chain calls them. */
export async function filterCases(): Promise<MicroCase[]> {
  const x = withResponse(exchange())
  x.set(RouteSlot, { endpoint: api, path: '/items', template: '/' })
  const success = outcome('success', 200)
  const finished: Finished = { exchange: x, outcome: 'completed', status: 200, error: undefined, durationMs: 3 }
  const plain = await made(breaker)
  const rates = await made(breaker, { failure_rate: 50 })
  const counts = await made(metrics)
  const limit = await made(concurrencyLimit)
  const response = { status: 200, statusText: undefined, headers: new HeaderList(), body: Body.empty() }
  const next: Next = () => response
  const call = { deadline: undefined }
  const guarded = (filter: Filter) => (): unknown => {
    const made = attempt(bench.clock.now(), 1, api.targets[0])
    const verdict = filter.admit?.(x, made)
    filter.settled?.(x, made, success)
    return verdict
  }
  return [
    { name: 'breaker: admit and settled, closed', run: guarded(plain) },
    { name: 'breaker: the same with a window of rates', run: guarded(rates) },
    { name: 'metrics: settled', run: () => counts.settled?.(x, attempt(0), success) },
    { name: 'metrics: log', run: () => counts.log?.(finished) },
    { name: 'concurrency-limit: upstream, a permit is free', run: () => limit.upstream?.(x, call as never, next) },
  ]
}
