import fc from 'fast-check'
import t from 'tap'
import { IdentitySlot } from '../../../core/api/endpoint.ts'
import type { Exchange } from '../../../core/api/exchange.ts'
import type { Finished } from '../../../core/api/filter.ts'
import { combinedLine, commonLine } from '../../../core/observe/common-log.ts'
import { exchange } from '../../../core/testing.ts'

/** As tools read it: fields in quotes end at a quote that no backslash escapes. */
const COMBINED =
  /^(\S+) (\S+) (\S+) \[(\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$/

const WALL = Date.UTC(2000, 9, 10, 13, 55, 36)

const finished = (x: Exchange | undefined, rest: Partial<Finished> = {}): Finished => ({
  exchange: x,
  outcome: 'completed',
  status: 200,
  error: undefined,
  durationMs: 0,
  bytesSent: 2326,
  ...rest,
})

t.test('the lines are those of Apache', async (t) => {
  const headers = { Referer: 'http://www.example.com/start.html?token=secret', 'User-Agent': 'Mozilla/4.08 [en]' }
  const x = exchange({ path: '/apache_pb.gif', query: '?token=secret', client: '127.0.0.1', headers })
  x.set(IdentitySlot, { subject: 'frank', scheme: 'bearer', roles: [], scopes: [], claims: {} })
  const common = '127.0.0.1 - frank [10/Oct/2000:13:55:36 +0000] "GET /apache_pb.gif HTTP/1.1" 200 2326'
  t.equal(commonLine(finished(x), WALL), common)
  t.equal(
    combinedLine(finished(x, { durationMs: 59_000 }), WALL + 59_000),
    `${common} "http://www.example.com/start.html" "Mozilla/4.08 [en]"`,
    'the time is that of the request',
  )
})

t.test('the client is who sent the request, and a caller is one word', async (t) => {
  const x = exchange({ downstream: { address: '192.0.2.1', peer: '10.0.0.1' } })
  x.set(IdentitySlot, { subject: 'a b c', scheme: 'bearer', roles: [], scopes: [], claims: {} })
  t.match(commonLine(finished(x), WALL), /^192\.0\.2\.1 - a\\x20b\\x20c \[10\/Oct\/2000:13:55:36 /)
  t.match(commonLine(finished(x), WALL + 1000), ':13:55:37 +0000]', 'each second has its own time')
})

t.test('what is not known', async (t) => {
  t.match(
    combinedLine(finished(undefined, { peer: '192.0.2.7', status: 400, bytesSent: 0 }), WALL),
    /^192\.0\.2\.7 - - /,
  )
  t.match(combinedLine(finished(undefined, { status: 400, bytesSent: 0 }), WALL), /^- - - .* "-" 400 - "-" "-"$/)
  t.match(commonLine(finished(exchange(), { status: 0, outcome: 'aborted' }), WALL), / 499 2326$/)
})

// traefik/traefik#11722, membrane/api-gateway#957: a quote in a user agent ends the field.
t.test('quotes, backslashes and control characters are escaped as Apache does', async (t) => {
  const headers = { 'User-Agent': 'foo " bar\\\t\x1b[31m\u00e9' }
  const line = combinedLine(finished(exchange({ path: '/a"b\n', headers })), WALL)
  t.match(line, '"GET /a\\"b\\n HTTP/1.1"')
  t.ok(line.endsWith('"foo \\" bar\\\\\\t\\x1b[31m\\xc3\\xa9"'), line)
})

t.test('hostile values: one line of printable ASCII, with its nine fields, bounded', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const x = exchange({ path: `/${text}`, headers: { 'User-Agent': text, Referer: text } })
      x.set(IdentitySlot, { subject: text, scheme: 'bearer', roles: [], scopes: [], claims: {} })
      const line = combinedLine(finished(x), WALL)
      return /^[\x20-\x7e]*$/.test(line) && COMBINED.test(line)
    }),
  )
})

t.test('long values are cut', async (t) => {
  const long = 'x'.repeat(10_000)
  const x = exchange({ path: `/${long}`, headers: { 'User-Agent': long, Referer: long } })
  t.ok(combinedLine(finished(x), WALL).length < 3300)
  x.set(IdentitySlot, { subject: long, scheme: 'bearer', roles: [], scopes: [], claims: {} })
  t.ok(combinedLine(finished(x), WALL).length < 3900, 'nor the caller')
})
