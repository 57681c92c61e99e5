import t from 'tap'
import { defineFilter } from '../../../core/api/filter-factory.ts'
import { defineService, EndpointsKey, type ServiceKey } from '../../../core/api/service.ts'
import { FilterServices } from '../../../core/build/filter-services.ts'
import { RouteTables } from '../../../core/match/route-tables.ts'
import { endpoint } from '../../../core/testing.ts'

const ClockKey = defineService<() => number>('clock')
const AbsentKey = defineService<string>('absent')
const endpoints = [endpoint('orders')]
const services = new FilterServices(
  new Map<ServiceKey<unknown>, unknown>([[ClockKey, () => 7]]),
  endpoints,
  new RouteTables(endpoints),
)
const filter = (keys: object) => defineFilter({ name: 'it', apiVersion: 1, create: () => ({}), ...keys })

t.test('a service that a filter needs', async (t) => {
  const factory = filter({ needs: [ClockKey, AbsentKey, EndpointsKey] })
  t.equal(services.get(ClockKey, factory)(), 7)
  t.equal(services.get(EndpointsKey, factory), endpoints)
  t.throws(() => services.get(AbsentKey, factory), { message: 'this process has no service "absent"' })
  t.throws(() => services.get(ClockKey, filter({ wants: [ClockKey] })), /not in the factory's "needs"/)
})

t.test('a service that a filter uses where there is one', async (t) => {
  const factory = filter({ wants: [ClockKey, AbsentKey] })
  t.equal(services.getIf(ClockKey, factory)?.(), 7)
  t.equal(services.getIf(AbsentKey, factory), undefined)
  t.throws(() => services.getIf(ClockKey, filter({ needs: [ClockKey] })), {
    message: 'the service "clock" is not in the factory\'s "wants"; add its key there',
  })
})

t.test('filters that use the endpoints are made anew when those change', async (t) => {
  t.ok(FilterServices.ofEndpoints(filter({ needs: [EndpointsKey] })))
  t.ok(FilterServices.ofEndpoints(filter({ wants: [EndpointsKey] })))
  t.notOk(FilterServices.ofEndpoints(filter({ needs: [ClockKey], wants: [AbsentKey] })))
})
