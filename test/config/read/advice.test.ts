import t from 'tap'
import { RESET, TIMEOUT } from '../../../config/read/advice.ts'
import { breaker } from '../../../filters/breaker/filter.ts'
import { proxy } from '../../../filters/proxy/filter.ts'
import { endpoint, warnings } from '../support.ts'

t.test('a timeout counts where the breaker is on', async (t) => {
  const breaker = 'filters: [route-match, breaker: off, proxy]\ncircuit_breaker: { reset_timeout: 5 }\n'
  t.match(warnings(endpoint('filters: { breaker: on }', breaker)), [/for api the breaker's reset_timeout \(5 s\)/])
  t.same(warnings(endpoint('filters: { breaker: { reset_timeout: 1m } }', breaker)), [])
})

t.test('a breaker that waits for less time than a call to the upstream may take', async (t) => {
  t.match(warnings(endpoint('', 'circuit_breaker: { reset_timeout: 5 }\n')), [
    /^5:20 circuit_breaker.reset_timeout: the breaker's reset_timeout \(5 s\) is shorter than the upstream's timeout \(30 s\)/,
  ])
  t.match(warnings(endpoint('timeout: 2m')), [/^4:5 endpoints\[0\].timeout: for api the breaker's .*60 s.*120 s/])
  t.match(warnings(endpoint('filters: { breaker: { reset_timeout: 1s } }')), [/^4:27 .*: for api .*\(1 s\)/])
  t.same(warnings(endpoint('timeout: 60')), [])
  t.same(warnings(endpoint('timeout: 2m\nfilters: { breaker: off }')), [])
  t.same(warnings(endpoint('timeout: 2m\nfilters: { breaker: { reset_timeout: 3m } }')), [])
  t.same(warnings(endpoint('timeout: 2m', 'filters: [route-match, proxy]\n')), [])
})

t.test('the defaults are those of the filters', async (t) => {
  for (const [factory, fact] of [
    [breaker, RESET],
    [proxy, TIMEOUT],
  ] as const) {
    const result = factory.options!['~standard'].validate({}) as { value: Record<string, unknown> }
    t.equal(factory.name, fact.factory)
    t.equal(result.value[fact.option], fact.default)
  }
})

t.test('a target that is the gateway itself', async (t) => {
  const to = (listen: string, url: string): string[] =>
    warnings(`listen: ${listen}\nadmin: off\nendpoints:\n  - name: api\n    url: ${url}\n`)
  for (const [listen, url] of [
    ['8000', 'http://127.0.0.1:8000'],
    ['8000', 'http://localhost:8000/x'],
    ['"[::]:8000"', 'http://[::1]:8000'],
    ['127.0.0.1:8000', 'http://127.0.0.1:8000'],
    ['10.0.0.1:80', 'http://10.0.0.1'],
    ['gw.test:80', 'http://gw.test'],
  ] as const)
    t.match(
      to(listen, url),
      [/^4:5 endpoints\[0\]: the target http:.* is this gateway itself .*508 loop_detected/],
      url,
    )
  for (const [listen, url] of [
    ['8000', 'http://127.0.0.1:8001'],
    ['8000', 'http://10.0.0.1:8000'],
    ['10.0.0.1:8000', 'http://127.0.0.1:8000'],
    ['127.0.0.1:0', 'http://127.0.0.1'],
  ] as const)
    t.same(to(listen, url), [], url)
})
