import t from 'tap'
import { exchange, FilterBench } from '../../../core/testing.ts'
import { type CredentialSource, credentialsIn, MALFORMED } from '../../../filters/auth/credential-sources.ts'
import { auth } from '../../../filters/auth/filter.ts'
import { pass, SECRET, token } from './support.ts'

const cookie: CredentialSource = { kind: 'cookie', name: 'session' }
const query: CredentialSource = { kind: 'query', name: 'access_token' }
const subprotocol: CredentialSource = { kind: 'subprotocol', name: 'bearer' }
const header: CredentialSource = { kind: 'header', name: 'authorization', scheme: 'Bearer' }

t.test('a cookie: taken out, the others stay as they are', async (t) => {
  const cases: [fields: string[], found: unknown, left: string[]][] = [
    [['session=abc'], 'abc', []],
    [['a=1; session=abc; b=2'], 'abc', ['a=1; b=2']],
    [['session="abc"'], 'abc', []],
    [['a=1', 'session=abc', 'b=2'], 'abc', ['a=1', 'b=2']],
    [['session=a; session=a'], 'a', []],
    [['session=a; x=1; session=b'], MALFORMED, ['x=1']],
    [['session=a', 'session=b'], MALFORMED, []],
    [['Session=a; sessions=b'], undefined, ['Session=a; sessions=b']],
    [['session =abc; a=1'], 'abc', ['a=1']],
    [['session; a=1'], undefined, ['session; a=1']],
    [[], undefined, []],
  ]
  for (const [fields, found, left] of cases) {
    const x = exchange({ headers: { Cookie: fields } })
    t.equal(credentialsIn(x, [cookie]), found, fields.join(' | '))
    t.strictSame(x.request.headers.all('cookie'), left, fields.join(' | '))
    t.equal(credentialsIn(x, [cookie]), found, 'another filter finds it, too')
  }
})

t.test('a parameter: taken out byte for byte; what an upstream could take for it is malformed', async (t) => {
  const cases: [query: string, found: unknown, left: string][] = [
    ['?access_token=abc', 'abc', ''],
    ['?a=1&access_token=abc&b=%2f', 'abc', '?a=1&b=%2f'],
    ['?access_token=a%2Eb', 'a.b', ''],
    ['?a=access_token', undefined, '?a=access_token'],
    ['?a=1;b=2&c', undefined, '?a=1;b=2&c'],
    ['?access_token=a&access_token=a', MALFORMED, ''],
    ['?access_token=a&x=1;access_token=b', MALFORMED, ''],
    ['?access_token=a;x=1', MALFORMED, ''],
    ['?%61ccess_token=a', MALFORMED, ''],
    ['?%2561ccess_token=a', MALFORMED, ''],
    ['?Access_Token=a&b=1', MALFORMED, '?b=1'],
    ['?access_token[]=a', MALFORMED, ''],
    ['?access_token[0]=a&access_token=b', MALFORMED, ''],
    ['?+access_token=a', MALFORMED, ''],
    ['?access_token', MALFORMED, ''],
    ['?access.token=a', MALFORMED, ''],
    ['?access+token=a', MALFORMED, ''],
    ['?access[token=a', MALFORMED, ''],
    ['?access%5Btoken=a', MALFORMED, ''],
    ['?access_token%00x=a', MALFORMED, ''],
    ['?access_token=a&access%20token=b', MALFORMED, ''],
    ['?accesstoken=a', undefined, '?accesstoken=a'],
    ['?access_tokens=a', undefined, '?access_tokens=a'],
    ['?', undefined, '?'],
    ['', undefined, ''],
  ]
  for (const [text, found, left] of cases) {
    const x = exchange({ path: `/a${text}` })
    t.equal(credentialsIn(x, [query]), found, text)
    t.equal(x.request.query, left, text)
  }
})

t.test('a subprotocol, of a WebSocket handshake alone', async (t) => {
  const cases: [offered: string | string[], found: unknown, left: string | undefined][] = [
    ['bearer, abc', 'abc', undefined],
    ['chat, bearer, abc, superchat', 'abc', 'chat, superchat'],
    [['chat', 'bearer', 'abc'], 'abc', 'chat'],
    ['chat', undefined, 'chat'],
    ['bearer', MALFORMED, undefined],
    ['bearer, a, bearer, b', MALFORMED, undefined],
    ['bearer, bearer, chat', 'bearer', 'chat'],
  ]
  for (const [offered, found, left] of cases) {
    const x = exchange({ upgrade: 'websocket', headers: { 'Sec-WebSocket-Protocol': offered } })
    t.equal(credentialsIn(x, [subprotocol]), found, String(offered))
    t.equal(x.request.headers.joined('sec-websocket-protocol'), left, String(offered))
  }
  const plain = exchange({ headers: { 'Sec-WebSocket-Protocol': 'bearer, abc' } })
  t.equal(credentialsIn(plain, [subprotocol]), undefined)
})

t.test('the first place that has a token counts; none of the others goes upstream', async (t) => {
  const x = exchange({ path: '/?access_token=q', headers: { Authorization: 'Bearer h', Cookie: 'session=c' } })
  t.equal(credentialsIn(x, [header, cookie, query]), 'h')
  t.equal(x.request.query, '')
  t.notOk(x.request.headers.has('cookie'))
  t.equal(credentialsIn(x, [query, header]), 'q')
})

t.test('the scheme: in any case, followed by spaces alone; a repeated field is malformed', async (t) => {
  const found = (...values: string[]): unknown =>
    credentialsIn(exchange({ headers: { Authorization: values } }), [header])
  t.equal(found('bEaReR  a'), 'a')
  t.equal(found('Bearer'), '')
  t.equal(found('Bearer\ta'), undefined)
  t.equal(found('Bearers a'), undefined)
  t.equal(found('Basic a'), undefined)
  t.equal(found('Bearer a', 'Bearer a'), MALFORMED)
})

t.test('a cookie counts where another site can not have sent it', async (t) => {
  const cases: [method: string, headers: Record<string, string>, counts: boolean][] = [
    ['GET', { 'Sec-Fetch-Site': 'cross-site' }, true],
    ['POST', {}, true],
    ['POST', { 'Sec-Fetch-Site': 'same-origin' }, true],
    ['POST', { 'Sec-Fetch-Site': 'none' }, true],
    ['POST', { 'Sec-Fetch-Site': 'same-site' }, false],
    ['POST', { 'Sec-Fetch-Site': 'cross-site' }, false],
    ['POST', { Origin: 'http://gateway.test' }, true],
    ['POST', { Origin: 'http://gateway.test:8080' }, false],
    ['DELETE', { Origin: 'https://evil.test' }, false],
    ['POST', { Origin: 'null' }, false],
  ]
  const made = await new FilterBench().make(auth, { secret: SECRET, token_from: [{ cookie: 'session' }] })
  const bearer = await token()
  for (const [method, headers, counts] of cases) {
    const x = exchange({ method, headers: { ...headers, Cookie: `session=${bearer}` } })
    const verdict = await pass(x, made)
    t.equal(verdict, counts ? undefined : '403 credentials_cross_origin', `${method} ${JSON.stringify(headers)}`)
    t.equal(x.identity?.subject, counts ? 'ann' : undefined)
  }
  const nowhere = exchange({ method: 'POST', host: '', headers: { Origin: 'null', Cookie: `session=${bearer}` } })
  t.equal(await pass(nowhere, made), '403 credentials_cross_origin', 'without a Host nothing is the own origin')
  const place = { cookie: 'session', origins: ['https://app.test'] }
  const open = await new FilterBench().make(auth, { secret: SECRET, token_from: [place] })
  for (const [origin, verdict] of [
    ['https://app.test', undefined],
    ['https://app.test.evil.test', '403 credentials_cross_origin'],
    ['http://app.test', '403 credentials_cross_origin'],
  ] as const) {
    const headers = { Origin: origin, 'Sec-Fetch-Site': 'cross-site', Cookie: `session=${bearer}` }
    t.equal(await pass(exchange({ method: 'POST', headers }), open), verdict, origin)
  }
  const wrong = { secret: SECRET, token_from: [{ cookie: 'session', origins: ['https://app.test/'] }] }
  await t.rejects(new FilterBench().make(auth, wrong), /expected/)
  const socket = exchange({
    upgrade: 'websocket',
    headers: { Origin: 'https://evil.test', Cookie: `session=${bearer}` },
  })
  t.equal(await pass(socket, made), '403 credentials_cross_origin')
})

t.test('a token in the query counts only where the option says so', async (t) => {
  const path = `/?access_token=${await token()}`
  const closed = await new FilterBench().make(auth, { secret: SECRET, required: true })
  const untouched = exchange({ path })
  t.equal(await pass(untouched, closed), '401 token_missing')
  t.not(untouched.request.query, '')
  const open = await new FilterBench().make(auth, {
    secret: SECRET,
    required: true,
    token_from: [{ query: 'access_token' }],
  })
  const x = exchange({ path })
  t.equal(await pass(x, open), undefined)
  t.equal(x.request.query, '')
})
