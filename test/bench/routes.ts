// npm run bench:routes: what it costs to find a route, by the number of endpoints; and the memory of the routes.
import { HeaderList } from '../../core/api/header-list.ts'
import { RouteTable } from '../../core/match/route-table.ts'
import { endpoint, matchOf } from '../../core/testing.ts'

const ROUNDS = 9
const CALLS = 100_000

const fields = new HeaderList(['host', 'api.test', 'accept', '*/*', 'user-agent', 'bench', 'x-beta', '1'])
const requestOf = (path: string) => ({ host: 'api.test', method: 'GET', path, query: '?page=2', headers: fields })

/** Endpoints of two patterns each, and as many with names. */
const endpointsOf = (count: number) => [
  ...Array.from({ length: count }, (_, i) =>
    endpoint(`v1/svc${i}`, {
      match: [matchOf(`/svc${i}/items/{id}`, { methods: ['GET'] }), matchOf({ exact: `/svc${i}/status` })],
    }),
  ),
  ...Array.from({ length: count }, (_, i) => endpoint(`v1/named${i}`)),
]

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
const all = [10, 10_000].map((count) => new RouteTable(endpointsOf(count), '/orchestrator'))
const PATHS: Readonly<Record<string, (i: number) => string>> = {
  'by name': (i) => `/orchestrator/v1/named${i % 10}/a/b`,
  'by pattern, with a parameter': (i) => `/svc${i % 10}/items/123`,
  'by whole path': (i) => `/svc${i % 10}/status`,
  'no route': (i) => `/other${i % 10}/items/123`,
}
for (const [what, pathOf] of Object.entries(PATHS)) {
  const requests = Array.from({ length: 10 }, (_, i) => requestOf(pathOf(i)))
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
