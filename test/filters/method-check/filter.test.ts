import t from 'tap'
import type { LocalReply } from '../../../core/api/reply.ts'
import { exchange, FilterBench } from '../../../core/testing.ts'
import { methodCheck } from '../../../filters/method-check/filter.ts'
import { verdict } from '../../support/verdict.ts'

const cases: [methods: string[] | undefined, method: string, verdict: string | undefined, allow?: string][] = [
  [undefined, 'GET', undefined],
  [undefined, 'OPTIONS', undefined],
  [undefined, 'PROPFIND', undefined],
  [undefined, 'TRACE', '501 method_not_implemented'],
  [undefined, 'CONNECT', '501 method_not_implemented'],
  [['get', 'Post'], 'GET', undefined],
  [['get', 'Post'], 'POST', undefined],
  [['GET'], 'HEAD', undefined],
  [['POST'], 'HEAD', '405 method_not_allowed', 'POST, OPTIONS'],
  [['GET', 'POST'], 'DELETE', '405 method_not_allowed', 'GET, HEAD, POST, OPTIONS'],
  [['GET', 'POST'], 'OPTIONS', '204 options', 'GET, HEAD, POST, OPTIONS'],
  [['GET', 'OPTIONS'], 'OPTIONS', undefined],
  [['GET', 'HEAD', 'GET', 'OPTIONS'], 'PUT', '405 method_not_allowed', 'GET, HEAD, OPTIONS'],
  [['GET'], 'TRACE', '501 method_not_implemented'],
  [['GET'], 'CONNECT', '501 method_not_implemented'],
]

t.test('table', async (t) => {
  for (const [methods, method, expected, allow] of cases) {
    const { filter } = await new FilterBench().make(methodCheck, methods === undefined ? {} : { methods })
    const returned = filter.routed!(exchange({ method })) as LocalReply | undefined
    const what = `${method} with ${methods?.join() ?? 'every method'}`
    t.equal(verdict(returned), expected, what)
    t.equal(returned?.options.headers?.Allow, allow, `Allow: ${what}`)
  }
})

t.test('fields that name another method, if told to look at them', async (t) => {
  const { filter } = await new FilterBench().make(methodCheck, { methods: ['GET', 'POST'], check_override: true })
  const { filter: blind } = await new FilterBench().make(methodCheck, { methods: ['GET', 'POST'] })
  for (const field of ['X-HTTP-Method-Override', 'x-http-method', 'X-METHOD-OVERRIDE'])
    for (const [value, expected] of [
      ['DELETE', '405 method_not_allowed'],
      [' delete ', '405 method_not_allowed'],
      ['', '405 method_not_allowed'],
      ['get', undefined],
      ['HEAD', undefined],
    ] as const) {
      const x = () => exchange({ method: 'POST', headers: { [field]: value } })
      t.equal(verdict(filter.routed!(x())), expected, `${field}: ${value}`)
      t.equal(verdict(blind.routed!(x())), undefined)
    }
  const twice = exchange({ method: 'POST' })
  twice.request.headers.add('X-HTTP-Method', 'GET')
  twice.request.headers.add('X-HTTP-Method', 'DELETE')
  t.equal(verdict(filter.routed!(twice)), '405 method_not_allowed')
})

t.test('refuses senseless options', async (t) => {
  const bench = new FilterBench()
  await t.rejects(bench.make(methodCheck, { methods: [] }), /leave the option out/)
  await t.rejects(bench.make(methodCheck, { methods: ['GET POST'] }), /expected a method/)
  await t.rejects(bench.make(methodCheck, { methods: ['trace'] }), /never forwarded/)
})
