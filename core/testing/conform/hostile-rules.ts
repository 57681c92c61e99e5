import { gzipSync } from 'node:zlib'
import type { RunRequest } from '../run/run-input.ts'
import type { UpstreamResponse } from '../run/upstream-step.ts'
import type { Fields } from '../test-exchange.ts'
import { RULE_NAMES, type Rule } from './rule.ts'
import type { Scenario, Subject } from './subject.ts'

/** Values that a parser lets through: nearly all bytes but line breaks and NUL (RFC 9110 §5.5). */
const VALUES: readonly (string | readonly string[])[] = [
  ...['', ',', ';', '=', ', ,', '"', '"unclosed', '\\', '%', '%zz', '%00', '\u00e9\u00ff', '{', '[', '{}', 'null', '*'],
  ...['-1', '0', '1e999', 'NaN', 'Infinity', '99999999999999999999', '0x10', 'constructor', '__proto__', 'true'],
  ...[
    'Bearer',
    'Bearer ',
    'Bearer a.b.c',
    'Bearer a.b',
    'Basic',
    'Basic =',
    'Basic OjpvOg==',
    'a=b; c; =d; a=b',
    'W/"',
  ],
  ...['bytes=-', 'bytes=9-1', 'Thu, 99 Xyz 2026 99:99:99 GMT', '00-0-0-0', 'x'.repeat(16_384), 'a,'.repeat(4000)],
  ['a', 'b'],
  ['', ''],
]

const REQUEST_FIELDS = [
  ...[
    'Accept',
    'Accept-Encoding',
    'Accept-Language',
    'Authorization',
    'Cache-Control',
    'Content-Encoding',
    'Content-Type',
  ],
  ...['Cookie', 'Forwarded', 'Idempotency-Key', 'If-Match', 'If-Modified-Since', 'If-None-Match', 'Origin', 'Range'],
  ...['Referer', 'TE', 'traceparent', 'tracestate', 'User-Agent', 'X-Api-Key', 'X-Forwarded-For', 'X-Forwarded-Host'],
  ...['X-Forwarded-Proto', 'X-Request-Id'],
]

const RESPONSE_FIELDS = [
  ...['Age', 'Cache-Control', 'Content-Encoding', 'Content-Language', 'Content-Type', 'Date', 'ETag', 'Expires'],
  ...['Last-Modified', 'Link', 'Location', 'Retry-After', 'Set-Cookie', 'Vary', 'WWW-Authenticate', 'X-Request-Id'],
]

const PATHS = [
  ...['//', '/%', '/%zz', '/%00', '/%ff', '/..', '/../../..', '/./a', '/a//b', '/%2e%2e/', '/%2F', '/;a=b', '*'],
  ...['/constructor', '/__proto__', '/\u00e9', `/${'a'.repeat(8000)}`, `/${'a/'.repeat(2000)}`],
]

const QUERIES = [
  ...['?', '?&', '?=', '?%', '?a=%zz', '?a&a&a', '?__proto__=1', '?constructor[prototype]=1', '?a[]=1', '?a=%00'],
  `?${'a=1&'.repeat(1000)}`,
]

const METHODS = ['HEAD', 'OPTIONS', 'DELETE', 'PATCH', 'PUT', 'M-SEARCH', 'get', 'constructor']

const cut = gzipSync('a text that was cut').subarray(0, 20)

/** Bodies with the fields that promise something else of them. */
const BODIES: readonly { readonly headers: Fields; readonly body: string | Uint8Array | readonly string[] }[] = [
  ...['{', '[', 'null', '0', '"text"', '[]', '{"__proto__":{"a":1}}', '{"a":1,"a":2}', '['.repeat(20_000), ''].map(
    (body) => ({
      headers: { 'Content-Type': 'application/json' },
      body,
    }),
  ),
  { headers: { 'Content-Type': 'application/json' }, body: new Uint8Array([0xff, 0xfe, 0x00, 0x80]) },
  { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: '%zz=%&&=&a[__proto__]=1' },
  { headers: { 'Content-Type': 'multipart/form-data' }, body: '--nothing' },
  { headers: { 'Content-Type': 'text/plain; charset=nonsense' }, body: '\u00e9' },
  { headers: { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' }, body: cut },
  { headers: { 'Content-Encoding': 'gzip' }, body: 'not compressed' },
  { headers: { 'Content-Encoding': 'br, gzip' }, body: 'not compressed' },
  { headers: {}, body: 'x'.repeat(2 ** 20) },
  { headers: {}, body: ['in', 'several', '', 'chunks'] },
]

const shown = (value: string | readonly string[]): string => {
  const text = JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 37)}…` : text
}

const withAll = (names: Iterable<string>, value: string | readonly string[]): Fields =>
  Object.fromEntries(Array.from(names, (name) => [name, value]))

function hostileRequests(reads: ReadonlySet<string>): Scenario[] {
  const of = (what: string, request: RunRequest): Scenario => ({ what: `a request with ${what}`, request })
  return [
    ...VALUES.map((value) => of(`${shown(value)} in its fields`, { headers: withAll(REQUEST_FIELDS, value) })),
    ...[...reads].flatMap((name) =>
      VALUES.map((value) => of(`${shown(value)} in ${name}`, { headers: { [name]: value } })),
    ),
    ...PATHS.map((path) => of(`the path ${shown(path)}`, { path, query: '' })),
    ...QUERIES.map((query) => of(`the query ${shown(query)}`, { query })),
    ...METHODS.map((method) => of(`the method ${method}`, { method })),
    ...BODIES.map(({ headers, body }) =>
      of(`the body ${shown(typeof body === 'string' ? body : '…')} and ${shown(JSON.stringify(headers))}`, {
        method: 'POST',
        headers,
        body,
      }),
    ),
    of('a body behind GET', { body: 'unexpected' }),
    of('no host', { host: '' }),
    of('an IPv6 host', { host: '[::1]:8000' }),
    of('an IPv6 client', { client: '::ffff:192.0.2.7' }),
    of('https', { scheme: 'https' }),
    of('an offer to upgrade', { upgrade: 'websocket', headers: { Upgrade: 'websocket', Connection: 'Upgrade' } }),
  ]
}

function hostileResponses(): Scenario[] {
  const of = (what: string, upstream: UpstreamResponse): Scenario => ({ what: `a response with ${what}`, upstream })
  return [
    ...VALUES.map((value) =>
      of(`${shown(value)} in its fields`, { headers: withAll(RESPONSE_FIELDS, value), body: 'text' }),
    ),
    ...[201, 204, 205, 206, 226, 301, 304, 401, 416, 451, 599, 999].map((status) =>
      of(`the status ${status}`, { status }),
    ),
    ...BODIES.map(({ headers, body }) =>
      of(`the body ${shown(typeof body === 'string' ? body : '…')} and ${shown(JSON.stringify(headers))}`, {
        headers,
        body,
      }),
    ),
    of('trailers', { body: ['text'], trailers: { 'Server-Timing': 'a', ETag: '"x"' } }),
    { what: 'a response to HEAD', request: { method: 'HEAD' }, upstream: { body: 'text', headers: { ETag: '"x"' } } },
  ]
}

/** Clients and upstreams send what they like: no error of the filter. */
export const HOSTILE: Rule<Subject> = {
  name: RULE_NAMES.hostile,
  async check(subject) {
    // What the filter reads is known once it has seen a request.
    const plain = await subject.problemsOf([{ what: 'a plain request' }])
    if (plain.length > 0) return plain
    return subject.problemsOf([
      ...hostileRequests(subject.reads),
      ...(subject.factory.terminal === true ? [] : hostileResponses()),
    ])
  },
}
