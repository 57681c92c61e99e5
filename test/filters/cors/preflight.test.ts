import t from 'tap'
import { exchange } from '../../../core/testing.ts'
import { askedHeaders, isPreflight } from '../../../filters/cors/preflight.ts'

const asked = (...values: string[]): string | undefined =>
  askedHeaders(exchange({ headers: { 'access-control-request-HEADERS': values } }).request.headers)

t.test('what is a preflight', async (t) => {
  const method = { 'Access-Control-Request-Method': 'PUT' }
  const is = (method: string, headers: Record<string, string>, origin = 'https://a') =>
    isPreflight(exchange({ method, headers }).request, origin)
  t.ok(is('OPTIONS', method))
  t.notOk(is('OPTIONS', method, ''), 'no origin')
  t.notOk(is('OPTIONS', {}), 'no method')
  t.notOk(is('GET', method))
  t.notOk(is('options', method), 'methods distinguish case')
})

t.test('header fields that a preflight asks for', async (t) => {
  t.equal(asked(), undefined)
  t.equal(asked(''), undefined)
  t.equal(asked('content-type,x-tenant'), 'content-type, x-tenant')
  t.equal(asked(' X-A ,\tx-b'), 'X-A, x-b')
  t.equal(asked('x-a', 'x-b'), 'x-a, x-b', 'a repeated field is one list')
  t.equal(asked('authorization,,x-a,'), 'authorization, x-a')
})

t.test('what is no name is not reflected', async (t) => {
  for (const bad of ['x a', 'x:a', 'x"a', '<script>', 'x\0a', 'x;a', '(x)', 'é', '\xa0x', 'x\xa0', 'x/a'])
    t.equal(asked(`x-b,${bad}`), 'x-b', JSON.stringify(bad))
  t.equal(asked('<a>,<b>'), undefined)
})

t.test('bounds: 100 names, 8 KiB', async (t) => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `x-${i}`)
  t.equal(asked(names(100).join())?.split(', ').length, 100)
  t.equal(asked(names(101).join()), undefined)
  t.equal(asked(','.repeat(8000)), undefined)
  t.equal(asked('a'.repeat(8192))?.length, 8192)
  t.equal(asked('a'.repeat(8193)), undefined)
  t.equal(asked('a'.repeat(5000), 'a'.repeat(5000)), undefined)
})

t.test('hostile white space takes no time', async (t) => {
  const start = performance.now()
  for (let i = 0; i < 100; i++) asked(`a${' '.repeat(8000)}b`)
  t.ok(performance.now() - start < 1000)
})
