// The routes and requests of `bench:routes` and `bench:micro`.
import { HeaderList } from '../../core/api/header-list.ts'
import { RouteTable } from '../../core/match/route-table.ts'
import { endpoint, matchOf } from '../../core/testing.ts'

const fields = new HeaderList(['host', 'api.test', 'accept', '*/*', 'user-agent', 'bench', 'x-beta', '1'])

export const requestOf = (path: string) => ({
  host: 'api.test',
  method: 'GET',
  path,
  query: '?page=2',
  headers: fields,
})

/** Endpoints of two patterns each, and as many with names. */
export const endpointsOf = (count: number) => [
  ...Array.from({ length: count }, (_, i) =>
    endpoint(`v1/svc${i}`, {
      match: [matchOf(`/svc${i}/items/{id}`, { methods: ['GET'] }), matchOf({ exact: `/svc${i}/status` })],
    }),
  ),
  ...Array.from({ length: count }, (_, i) => endpoint(`v1/named${i}`)),
]

export const routesOf = (count: number): RouteTable => new RouteTable(endpointsOf(count), '/orchestrator')

const PATHS: Readonly<Record<string, (i: number) => string>> = {
  'by name': (i) => `/orchestrator/v1/named${i}/a/b`,
  'by pattern, with a parameter': (i) => `/svc${i}/items/123`,
  'by whole path': (i) => `/svc${i}/status`,
  'no route': (i) => `/other${i}/items/123`,
}

/** Ten requests of each kind. */
export const ROUTE_REQUESTS = Object.fromEntries(
  Object.entries(PATHS).map(([what, pathOf]) => [what, Array.from({ length: 10 }, (_, i) => requestOf(pathOf(i)))]),
)
