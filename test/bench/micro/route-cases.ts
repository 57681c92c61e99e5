import { ROUTE_REQUESTS, routesOf } from '../route-sets.ts'
import type { MicroCase } from './micro-case.ts'

export const routeCases = (): MicroCase[] =>
  [10, 10_000].flatMap((count) => {
    const routes = routesOf(count)
    return Object.entries(ROUTE_REQUESTS).map(([what, requests]): MicroCase => {
      let i = 0
      return {
        name: `route ${what}: ${count.toLocaleString('en')} endpoints`,
        run: () => routes.find(requests[i++ % requests.length]!),
      }
    })
  })
