import t from 'tap'
import { Body } from '../../../core/api/body.ts'
import { ERRORS, type ErrorCode, WeirError } from '../../../core/api/errors.ts'
import { defineFilter } from '../../../core/api/filter-factory.ts'
import { type LocalReply, type Response, reply } from '../../../core/api/reply.ts'
import { errorReply } from '../../../core/chain/error-reply.ts'
import { renderReply } from '../../../core/chain/render-reply.ts'
import { exchange, specOf, startGateway, type TestRequest } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'

async function rendered(local: LocalReply, init?: TestRequest): Promise<Response & { text: string }> {
  const response = renderReply(exchange(init), local, 'some-filter')
  return { ...response, text: (await response.body.buffer(1e6)).toString() }
}

const typeFor = async (accept: string): Promise<string | undefined> => {
  const { headers } = await rendered(reply(404, 'no_route'), { headers: { Accept: accept } })
  return headers.get('content-type')?.replace('; charset=utf-8', '')
}

const JSON_TYPE = 'application/problem+json'

t.test('an error is a problem document', async (t) => {
  const x = exchange({ path: '/v1/orders', query: '?token=secret' })
  x.traceId = 'a'.repeat(32)
  const local = reply(429, 'too_many', { detail: 'Slow down.', extra: { limit: 5 }, headers: { 'Retry-After': '7' } })
  const { status, headers, body, local: by } = renderReply(x, local, 'limiter')
  const text = (await body.buffer(1e6)).toString()
  t.equal(status, 429)
  t.strictSame(JSON.parse(text), {
    type: 'about:blank',
    title: 'Too Many Requests',
    status: 429,
    detail: 'Slow down.',
    instance: '/v1/orders',
    code: 'too_many',
    limit: 5,
    trace_id: 'a'.repeat(32),
  })
  t.strictSame(headers.raw, [
    ...['Retry-After', '7', 'Content-Type', JSON_TYPE, 'Content-Length', String(Buffer.byteLength(text))],
    ...['X-Content-Type-Options', 'nosniff'],
  ])
  t.strictSame(by, { filter: 'limiter', reason: 'too_many' })
})

t.test('the form follows Accept', async (t) => {
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  const cases: [accept: string, type: string][] = [
    [browser, 'text/html'],
    ['text/plain', 'text/plain'],
    ['text/*', 'text/plain'],
    ['TEXT/HTML', 'text/html'],
    ['text/html;q=0.5, text/plain;q=0.7', 'text/plain'],
    ['text/plain;q=0.7, text/html;q=0.5', 'text/plain'],
    ['text/html;q=0.5, application/json', JSON_TYPE],
    ['application/json;q=0.5, text/html;q=0.6', 'text/html'],
    ['text/html;q=0.1, application/problem+json;q=0.2', JSON_TYPE],
    ['text/html; charset=utf-8; Q=0.9, application/json; q=0.8', 'text/html'],
    ['text/html, application/json', JSON_TYPE],
    ['text/html;q=0.5, */*', JSON_TYPE],
    ['text/html, */*;q=0.01', 'text/html'],
    ['*/*', JSON_TYPE],
    ['', JSON_TYPE],
    ['image/png', JSON_TYPE],
    ['text/html;q=0', JSON_TYPE],
    ['text/html;q=much', JSON_TYPE],
    [`${'text/css,'.repeat(1000)}text/html`, JSON_TYPE],
  ]
  for (const [accept, type] of cases) t.equal(await typeFor(accept), type, accept.slice(0, 80))
  t.equal((await rendered(reply(404, 'no_route'))).headers.get('content-type'), JSON_TYPE, 'no Accept at all')
})

t.test('what a client sends does not become markup', async (t) => {
  const path = `/<script>alert("1")</script>'&`
  const { text } = await rendered(reply(404, 'no_route', { detail: 'No <b>.' }), {
    path,
    headers: { Accept: 'text/html' },
  })
  t.match(text, /^<!doctype html><title>404 Not Found<\/title><h1>404 Not Found<\/h1><dl>/)
  t.match(text, '<dt>detail</dt><dd>No &#60;b&#62;.</dd>')
  t.notMatch(text, /<script|<b>|"1"|'&/)
})

t.test('plain text has a line for each member', async (t) => {
  const { text } = await rendered(reply(400, 'bad', { detail: 'Why.', extra: { fields: ['a'] } }), {
    headers: { Accept: 'text/plain' },
  })
  t.equal(text, '400 Bad Request\ndetail: Why.\ninstance: /\ncode: bad\nfields: ["a"]\n')
})

t.test('a long path is cut', async (t) => {
  const { text } = await rendered(reply(414, 'too_long'), { path: `/${'x'.repeat(10_000)}` })
  t.equal(JSON.parse(text).instance.length, 2048)
})

t.test("a body of the filter's own is sent as it is", async (t) => {
  const own = await rendered(reply(403, 'no', { body: 'nein', headers: { 'Content-Type': 'text/x-own' } }))
  t.equal(own.text, 'nein')
  t.strictSame(own.headers.raw, ['Content-Type', 'text/x-own', 'Content-Length', '4'])
})

t.test('a reply that is no error has no body unless the filter gives one', async (t) => {
  const cases: [status: number, length: string | undefined][] = [
    [200, '0'],
    [302, '0'],
    [204, undefined],
    [304, undefined],
  ]
  for (const [status, length] of cases) {
    const { headers, text } = await rendered(reply(status, 'fine'))
    t.equal(text, '', String(status))
    t.equal(headers.get('content-length'), length, `${status}: Content-Length`)
  }
})

t.test('each error has its status and Proxy-Status, and shows nothing of its message and cause', async (t) => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const error = new WeirError(code, 'secret', { cause: new Error('secret') })
    const { status, headers, text, local } = await rendered(errorReply(error, 'proxy'))
    t.equal(status, ERRORS[code].status, code)
    t.equal(headers.get('proxy-status'), `weir; error=${ERRORS[code].proxyStatus}`)
    t.match(JSON.parse(text), { code, detail: `${ERRORS[code].title}.` })
    t.notMatch(text, 'secret')
    t.strictSame(local, { filter: 'proxy', reason: code })
  }
})

t.test('HEAD gets the head that GET would, and no body', async (t) => {
  const refuses = defineFilter({
    name: 'refuses',
    apiVersion: 1,
    create: () => ({ request: () => reply(403, 'never', { detail: 'No.' }) }),
  })
  const spec = specOf([{ name: 'api', url: 'http://127.0.0.1:9' }], ['refuses', 'route-match', 'proxy'])
  const gateway = await startGateway(spec, { filters: [refuses] })
  t.teardown(() => gateway.close())
  const get = await send(`${gateway.url}/x`)
  const head = await send(`${gateway.url}/x`, { method: 'HEAD' })
  t.equal(head.status, 403)
  t.equal(head.body, '')
  t.equal(head.headers['content-type'], JSON_TYPE)
  t.equal(head.headers['content-length'], String(Body.of(get.body).length))
})
