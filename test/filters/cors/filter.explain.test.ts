import t from 'tap'
import { RouteSlot } from '../../../core/api/endpoint.ts'
import { endpoint, exchange, FilterBench } from '../../../core/testing.ts'
import { cors } from '../../../filters/cors/filter.ts'

t.test('what it makes of a request', async (t) => {
  const origins = ['https://app.example.com', 'https://*.example.org']
  const { filter } = await new FilterBench().make(cors, { origins, credentials: true })
  const allows = 'allows https://app.example.com, https://*.example.org, with credentials'
  const lines = (headers: Record<string, string> = {}, method = 'GET', routed = false): string[] => {
    const x = exchange({ headers, method })
    if (routed) x.set(RouteSlot, { endpoint: endpoint('v1/a'), path: '', template: '/' })
    return [...filter.explain!(x)]
  }
  t.strictSame(lines(), [allows, 'the request has no Origin'])
  const Origin = 'https://a.example.org'
  t.strictSame(lines({ Origin }), [allows, `the origin ${Origin} is allowed`])
  t.match(lines({ Origin: 'https://evil.test' }), [allows, /^the origin https:\/\/evil\.test is not allowed/])
  const asks = { Origin, 'Access-Control-Request-Method': 'PUT' }
  t.strictSame(lines(asks, 'OPTIONS', true), [allows, `the origin ${Origin} is allowed`])
  t.match(lines(asks, 'OPTIONS')[2], /although no endpoint is found/)
  const { filter: open } = await new FilterBench().make(cors, { origins: ['*'] })
  t.equal([...open.explain!(exchange())][0], 'allows *')
})
