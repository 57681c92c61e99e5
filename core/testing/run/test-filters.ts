import { AUTHENTICATION, type Endpoint, IdentitySlot, RouteSlot } from '../../api/endpoint.ts'
import { defineFilter, type FilterFactory } from '../../api/filter-factory.ts'
import type { Slot } from '../../api/slot.ts'
import type { RecordOf } from './run-record.ts'

/** Names of the test kit's own filters; no verdict, span or fault of them is shown. */
export const KIT = { given: 'test-given', route: 'test-route', upstream: 'test-upstream' } as const

export const isOfKit = (name: string): boolean => Object.values<string>(KIT).includes(name)

/**
 * Stands first: leaves in the slots what the test gives, satisfies `authentication` where it gives an identity, and sees how
 * attempts end.
 * @param slots what the filters under test read
 */
export function givenFilter(slots: readonly Slot<unknown>[], recordOf: RecordOf): FilterFactory {
  return defineFilter({
    name: KIT.given,
    apiVersion: 1,
    writes: [...slots, IdentitySlot],
    enforces: [AUTHENTICATION],
    create: () => ({
      request(x) {
        const given = recordOf(x)?.given
        for (const [slot, value] of given?.slots ?? []) x.set(slot, value)
        if (given?.identity !== undefined) x.set(IdentitySlot, given.identity)
      },
      routed(x) {
        if (recordOf(x)?.given.identity !== undefined) x.satisfy(AUTHENTICATION)
      },
      settled(x, attempt, outcome) {
        recordOf(x)?.attempts.push({ attempt, outcome })
      },
    }),
  })
}

/** Routes every request to the endpoint that the test gives, its path kept. */
export function routeFilter(recordOf: RecordOf): FilterFactory {
  return defineFilter({
    name: KIT.route,
    apiVersion: 1,
    writes: [RouteSlot],
    create: () => ({
      request(x) {
        const endpoint = recordOf(x)?.given.endpoint
        if (endpoint !== undefined) x.set(RouteSlot, { endpoint, path: x.request.path, template: templateOf(endpoint) })
      },
    }),
  })
}

const templateOf = ({ id }: Endpoint): string => `/${id}`
