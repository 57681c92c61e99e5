import t from 'tap'
import { Body, HeaderList, type Response } from '../../../core/index.ts'
import { exchange, type TestRequest } from '../../../core/testing.ts'
import {
  directivesOf,
  initialAge,
  isPlain,
  storagePermission,
  storedFields,
} from '../../../filters/breaker/cache-rules.ts'

type Fields = NonNullable<TestRequest['headers']>

const response = (headers: Fields, status = 200): Response => ({
  status,
  statusText: undefined,
  headers: HeaderList.of(headers),
  body: Body.empty(),
})
const permission = (headers: Fields, init: TestRequest = {}, status?: number) =>
  storagePermission(exchange(init), response(headers, status))

t.test('plain requests', async (t) => {
  t.equal(isPlain(exchange()), true)
  t.equal(isPlain(exchange({ method: 'HEAD' })), true)
  t.equal(isPlain(exchange({ method: 'POST' })), false)
  t.equal(isPlain(exchange({ body: 'x' })), false)
  t.equal(isPlain(exchange({ upgrade: 'websocket' })), false)
})

t.test('directives, malformed ones included', async (t) => {
  const of = (value: string): object => Object.fromEntries(directivesOf(HeaderList.of({ 'Cache-Control': value })))
  t.same(of('Max-Age=60, no-store'), { 'max-age': '60', 'no-store': '' })
  t.same(of('private="Set-Cookie, X", s-maxage="5"'), { private: 'Set-Cookie, X', 's-maxage': '5' })
  t.match(of('max-age="60, no-store'), { 'no-store': '' }, 'a quote without an end hides nothing')
  t.same(of(' ,, ;public'), { public: '' })
})

t.test('what may be stored, and for whom', async (t) => {
  t.same(permission({}), { vary: [], shared: false, lifetime: Infinity })
  t.equal(permission({}, { method: 'HEAD' }), undefined)
  for (const status of [201, 206, 301, 404, 500]) t.equal(permission({}, {}, status), undefined, String(status))
  for (const directive of ['no-store', 'no-cache', 'private', 'public, no-store'])
    t.equal(permission({ 'Cache-Control': directive }), undefined, directive)
  t.equal(permission({ 'Set-Cookie': 'a=b' }), undefined)
  t.equal(permission({ 'Content-Range': 'bytes 0-1/9' }), undefined, 'a part, whatever its status says')
  t.equal(permission({}, { headers: { 'Cache-Control': 'no-store' } }), undefined, 'the request forbids it')
  for (const headers of [{ Authorization: 'Bearer x' }, { Cookie: 'a=b' }]) {
    t.equal(permission({}, { headers }), undefined)
    t.match(permission({ 'Cache-Control': 'public' }, { headers }), { shared: true })
  }
})

t.test('Vary', async (t) => {
  t.match(permission({ Vary: 'X-B, x-a,X-B' }), { vary: ['x-a', 'x-b'] })
  t.equal(permission({ Vary: 'Accept, *' }), undefined)
})

t.test('a lifetime only where staleness is forbidden', async (t) => {
  const lifetime = (value: string): number | undefined => permission({ 'Cache-Control': value })?.lifetime
  t.equal(lifetime('max-age=60'), Infinity)
  t.equal(lifetime('max-age=60, must-revalidate'), 60_000)
  t.equal(lifetime('max-age=60, s-maxage=5'), 5000)
  t.equal(lifetime('max-age=60, proxy-revalidate'), 60_000)
  t.equal(lifetime('proxy-revalidate'), 0)
  t.equal(lifetime('max-age=" 60 ", must-revalidate'), 60_000)
  t.equal(lifetime('max-age=soon, must-revalidate'), 0)
})

t.test('age on arrival', async (t) => {
  const wall = Date.UTC(2026, 0, 1)
  const age = (headers: Fields): number => initialAge(HeaderList.of(headers), wall - 2000, wall)
  t.equal(age({}), 2000, 'the time of the request')
  t.equal(age({ Age: '10' }), 12_000)
  t.equal(age({ Date: new Date(wall - 30_000).toUTCString() }), 30_000)
  for (const Age of ['x9', '9x', '-9', '9 9', '99999999999']) t.equal(age({ Age }), 2000, Age)
  t.equal(age({ Date: new Date(wall + 30_000).toUTCString(), Age: 'old' }), 2000)
})

t.test('fields that are stored', async (t) => {
  const headers = HeaderList.of({
    Connection: 'close, X-Hop',
    'X-Hop': '1',
    'Keep-Alive': 'timeout=5',
    'Content-Length': '99',
    Age: '3',
    'X-Kept': '2',
  })
  t.same(storedFields(headers, 5), ['X-Kept', '2', 'Content-Length', '5'])
  t.same(storedFields(headers, undefined), ['X-Kept', '2'])
})
