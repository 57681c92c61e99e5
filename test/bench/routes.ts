// npm run bench:routes: what it costs to find a route, by the number of endpoints; and the memory of the routes.
import { RouteTable } from '../../core/match/route-table.ts'
import { endpoint, matchOf } from '../../core/testing.ts'
import { endpointsOf, ROUTE_REQUESTS, requestOf, routesOf } from './route-sets.ts'

const ROUNDS = 9
const CALLS = 100_000

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

function time(run: (i: number) => unknown): string {
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const begun = process.hrtime.bigint()
    for (let i = 0; i < CALLS; i++) run(i)
    rounds.push(Number(process.hrtime.bigint() - begun) / CALLS / 1000)
  }
  return `${median(rounds).toFixed(2)} µs (${Math.min(...rounds).toFixed(2)}–${Math.max(...rounds).toFixed(2)})`
}

console.log(`| lookup (median of ${ROUNDS} rounds of ${CALLS}) | 10 endpoints | 10,000 endpoints |\n|---|---|---|`)
const all = [10, 10_000].map(routesOf)
for (const [what, requests] of Object.entries(ROUTE_REQUESTS)) {
  console.log(`| ${what} | ${all.map((routes) => time((i) => routes.find(requests[i % 10]!))).join(' | ')} |`)
}

const given = endpointsOf(10_000).slice(0, 10_000)
const measure = (): number => {
  for (let i = 0; i < 4; i++) globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
const before = measure()
const kept = new RouteTable(given, '/orchestrator')
console.log(
  `\nmemory of the routes of 10,000 endpoints with two patterns each: ${((measure() - before) / 1024 ** 2).toFixed(1)} MiB${globalThis.gc === undefined ? ' (run with --expose-gc)' : ''}`,
)

// Patterns made to backtrack: a literal and a parameter at each of many levels.
for (let levels = 12; levels > 1; levels--) {
  const patterns = Array.from(
    { length: 2 ** levels },
    (_, n) => `/${Array.from({ length: levels }, (_, k) => ((n >> k) & 1 ? 'a' : `{p${k}}`)).join('/')}`,
  )
  try {
    const routes = new RouteTable(
      [endpoint('deep', { match: patterns.map((path) => matchOf(path, { methods: ['PUT'] })) })],
      '',
    )
    const request = requestOf(`/${Array.from({ length: levels }, () => 'a').join('/')}`)
    console.log(`${patterns.length} patterns of ${levels} levels that backtrack: ${time(() => routes.find(request))}`)
    break
  } catch (error) {
    console.log(
      `${patterns.length} patterns of ${levels} levels that backtrack: refused (${(error as Error).message.slice(0, 60)}…)`,
    )
  }
}
if (kept.of('v1/svc1') === undefined) throw new Error('the routes are gone')
