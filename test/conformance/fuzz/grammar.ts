import fc from 'fast-check'
import { type BodyPlan, type FieldLine, plainField } from './pieces.ts'

const ALPHANUMERIC = [...'abcxyzABCXYZ0159']
const token = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...ALPHANUMERIC, ..."!#$%&'*+-.^_`|~"), minLength: 1, maxLength })
const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => String.fromCharCode(from + n))

/** All that a value may hold, obs-text too (RFC 9110 §5.5). */
const VISIBLE = [...range(0x21, 0x7e), ...range(0x80, 0xff)]
const value: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('', 'a', 'a, b', '"a\\"b", c', 'a;q=0.1', '\xe4\xff\x80', ': a: b', '0') },
  {
    weight: 4,
    arbitrary: fc.string({ unit: fc.constantFrom(...VISIBLE, ' ', '\t'), maxLength: 30 }).map((text) => text.trim()),
  },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 4000 }).map((length) => 'v'.repeat(length)) },
)
const ows = fc.constantFrom('', ' ', ' ', ' ', ' ', '\t', '  ', ' \t ')

/** Names that the framing or the gateway reads; a random one must not be one of them by accident. */
const SPECIAL =
  /^(?:host|te|via|expect|upgrade|trailer|connection|keep-alive|forwarded|max-forwards|content-.*|transfer-.*|proxy-.*|x[-_].*)$/i
const plainName = fc.oneof(
  fc.constantFrom('X-A', 'x-a', 'X-B', 'Accept', 'Cookie', '__proto__', 'constructor', '0', "!#$%&'*+-.^_`|~", 'Range'),
  token(12).filter((name) => !SPECIAL.test(name)),
)
const plain: fc.Arbitrary<FieldLine> = fc.record({ name: plainName, before: ows, value, behind: ows })

const known = (entries: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<FieldLine> =>
  fc.constantFrom(...Object.entries(entries).flatMap(([name, values]) => values.map((one) => plainField(name, one))))

/** Fields of one connection, and those that a gateway writes or reads itself. */
const BOTH = {
  Connection: [
    'keep-alive',
    'X-A',
    'x-a, Keep-Alive',
    ',, X-B ,',
    'host, content-length',
    'TE',
    'via',
    'upgrade',
    'x-request-id, x-a',
  ],
  'Keep-Alive': ['timeout=5'],
  'Proxy-Connection': ['keep-alive', 'close'],
  Via: ['1.0 a, 1.1 b (c)'],
  Trailer: ['X-T'],
  Upgrade: ['h2c'],
  'X-Request-Id': ['abc', 'a b', ''],
  'Content-Type': ['text/plain', 'a/b; c="d"'],
}
const requestFields = known({
  ...BOTH,
  TE: ['trailers', 'gzip;q=0.5'],
  Forwarded: ['for=192.0.2.1'],
  'X-Forwarded-For': ['192.0.2.1'],
  X_Forwarded_For: ['192.0.2.1'],
  'x-forwarded_host': ['evil.test'],
  'X-Forwarded-Proto': ['https'],
  'X-Forwarded-Prefix': ['/evil'],
  'X-Real-IP': ['192.0.2.1'],
  X_User: ['root'],
  'Remote-User': ['root'],
  Proxy: ['http://evil.test'],
  'Max-Forwards': ['0', '3', '007', 'x'],
  Authorization: ['Basic eA=='],
})
const responseFields = known({
  ...BOTH,
  'Set-Cookie': ['a=1', 'b=2; Path=/', ''],
  Date: ['Tue, 15 Nov 1994 08:12:31 GMT'],
  ETag: ['"a"', 'W/"\xe4"'],
  'X-Forwarded-For': ['192.0.2.1'],
  Location: ['/x', 'http://a.test/'],
  Server: ['x'],
})
const rare = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) })

const data = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('', 'a', 'hello', '\r\n', '0\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', '\x00\xff'),
  },
  { weight: 3, arbitrary: fc.string({ unit: fc.constantFrom(...range(0, 255)), maxLength: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1000, max: 70_000 }).map((length) => 'd'.repeat(length)) },
)
const zeros = rare('', '0', '000')
const extension = rare('', ';a', ';a=b', ';a=b;c', ';a="b"')
const size = { zeros, extension, upper: fc.boolean() }
const lengthBody = fc.record({ framing: fc.constant('length' as const), data, zeros })
const chunkedBody = fc.record({
  framing: fc.constant('chunked' as const),
  coding: rare('chunked', 'Chunked', 'CHUNKED'),
  chunks: fc.array(fc.record({ data: data.filter((text) => text !== ''), ...size }), { maxLength: 3 }),
  last: fc.record(size),
  trailers: fc.array(
    fc.oneof(plain, known({ 'X-T': ['v'], Host: ['b.test'], Cookie: ['a=b'], Expect: ['100-continue'] })),
    { maxLength: 2 },
  ),
})
const noBody = fc.constant<BodyPlan>({ framing: 'none' })

export interface RequestPlan {
  readonly method: string
  readonly target: string
  readonly version: '1.0' | '1.1'
  /** Where among the fields the one for the framing stands, of a thousand. */
  readonly at: number
  readonly fields: readonly FieldLine[]
  readonly body: BodyPlan
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY', 'M-SEARCH']
const part = fc.constantFrom(
  ...['a', 'x', '%20', '%2F', '%00', '%ff', '~', '+', ';p=1', ":@!$&'()*,", '...', '.a', '%25', 'http:', '/', '//'],
)
const pieces = (maxLength: number): fc.Arbitrary<string> => fc.array(part, { maxLength }).map((all) => all.join(''))
const query = fc.oneof(
  fc.constant(''),
  fc.array(fc.oneof(part, fc.constant('?')), { maxLength: 5 }).map((all) => `?${all.join('')}`),
)
const HOSTS = ['a.test', 'A.Test:80', '[::1]:8080', '192.0.2.1', 'a.test:', 'a_b~c', '%41.test', "!$&'()*+;="]
const host = rare('a.test', ...HOSTS)

const few = fc.array(fc.oneof({ weight: 3, arbitrary: plain }, { weight: 2, arbitrary: requestFields }), {
  maxLength: 6,
})
const many = fc.integer({ min: 30, max: 880 }).map((count) => Array<FieldLine>(count).fill(plainField('a', '')))

/** A request for one of these paths, as RFC 9112 lets a client send it. `@0` and `@h` stand for endpoints. */
const request: fc.Arbitrary<RequestPlan> = fc
  .record({
    method: fc.constantFrom(...METHODS),
    endpoint: fc.constantFrom('/@0', '/@h'),
    path: fc.oneof(
      pieces(6).map((rest) => `/${rest}`),
      fc.constant(''),
    ),
    query,
    origin: rare('', ...HOSTS.slice(0, 4).flatMap((one) => [`http://${one}`, `HTTPS://${one}`])),
    version: rare<'1.1' | '1.0'>('1.1', '1.0'),
    host: fc.oneof({ weight: 9, arbitrary: host }, { weight: 1, arbitrary: fc.constant(undefined) }),
    hostAt: fc.nat(1000),
    at: fc.nat(1000),
    rest: fc.oneof({ weight: 20, arbitrary: few }, { weight: 1, arbitrary: many }),
    expect: rare(false, true),
    close: rare('', '', '', 'close', 'Close, X-A'),
    body: fc.oneof(noBody, lengthBody, chunkedBody),
  })
  .map((plan) => {
    const { method, endpoint, path, query, origin, version, at, rest, body } = plan
    const fields = [...rest]
    if (plan.expect) fields.push(plainField('Expect', '100-continue'))
    if (plan.close !== '') fields.push(plainField('Connection', plan.close))
    const named = plan.host ?? (version === '1.1' ? 'a.test' : undefined)
    if (named !== undefined) fields.splice(place(plan.hostAt, fields.length), 0, plainField('Host', named))
    return {
      method,
      target: `${origin}${endpoint}${path}${query}`,
      version,
      at,
      fields,
      // RFC 9112 §6.1: HTTP/1.0 knows no chunks.
      body: version === '1.0' && body.framing === 'chunked' ? { framing: 'none' as const } : body,
    }
  })

/** An index from 0 to `length`, by thousandths. */
export const place = (at: number, length: number): number => Math.floor((at * (length + 1)) / 1001)

export const requests: fc.Arbitrary<readonly RequestPlan[]> = fc.array(request, { minLength: 1, maxLength: 3 })

export interface AnswerPlan {
  readonly status: number
  readonly reason: string
  readonly version: '1.0' | '1.1'
  readonly at: number
  readonly fields: readonly FieldLine[]
  readonly body: BodyPlan
  /** Statuses of interim responses before it. */
  readonly interim: readonly number[]
}

const STATUSES = [200, 200, 200, 201, 203, 206, 299, 301, 304, 400, 404, 431, 500, 503, 599, 204]
export const answer: fc.Arbitrary<AnswerPlan> = fc
  .record({
    status: fc.constantFrom(...STATUSES),
    reason: fc.constantFrom('OK', '', 'a  b', '\xe4', "I'm: fine\t!"),
    version: rare<'1.1' | '1.0'>('1.1', '1.0'),
    at: fc.nat(1000),
    rest: fc.array(fc.oneof({ weight: 3, arbitrary: plain }, { weight: 2, arbitrary: responseFields }), {
      maxLength: 6,
    }),
    close: rare('', 'close', 'Close, X-A'),
    body: fc.oneof(
      lengthBody,
      chunkedBody,
      data.map((data): BodyPlan => ({ framing: 'close', data })),
    ),
    interim: rare<readonly number[]>([], [103], [102, 103], [199]),
  })
  .map(({ status, rest, close, body, ...plan }) => ({
    ...plan,
    status,
    fields: close === '' ? rest : [...rest, plainField('Connection', close)],
    // RFC 9112 §6.1, §6.3
    body:
      status === 204 || status === 304 || (plan.version === '1.0' && body.framing === 'chunked')
        ? { framing: 'none' as const }
        : body,
  }))
