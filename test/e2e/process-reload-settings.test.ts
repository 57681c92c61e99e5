import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { send } from '../support/client.ts'
import { entry, startReloadable, until } from '../support/reload.ts'

const ENDPOINTS = `endpoints:\n${entry('up', '%up%/up')}`

t.test('the log level and the access log change at once', async (t) => {
  const base = `%head%${ENDPOINTS}`
  const { write, after, get, status, weir } = await startReloadable(t, { 'weir.yaml': `access_log: false\n${base}` })
  const lines = (): number => weir.lines.filter((line) => 'endpoint' in line && 'status' in line).length
  await get('up')
  t.equal(await after(() => write('weir.yaml', base)), 'applied')
  await get('up')
  await weir.line(() => lines() === 1)
  const { version } = await status()
  write('weir.yaml', `log_level: error\n${base}`)
  await until(status, (now) => now.version !== version)
  await get('up')
  t.equal(await after(() => write('weir.yaml', `log_level: nonsense\n${base}`)), 'failed', 'errors are still told')
  t.equal(await after(() => write('weir.yaml', base)), 'applied')
  await get('up')
  await weir.line(() => lines() > 1)
  t.equal(lines(), 2, 'what was answered in between has no line')
})

t.test('trusted proxies count from the next request on', async (t) => {
  const base = `%head%${ENDPOINTS}`
  const { write, after, get } = await startReloadable(
    t,
    { 'weir.yaml': base },
    { listener: (request, response) => void response.end(request.headers['x-forwarded-for']) },
  )
  const client = async (): Promise<string> => (await get('up', { 'X-Forwarded-For': '203.0.113.9' })).body
  t.notMatch(await client(), /203/)
  t.equal(await after(() => write('weir.yaml', `trusted_proxies: [127.0.0.0/8]\n${base}`)), 'applied')
  t.match(await client(), /^203\.0\.113\.9/)
  t.equal(await after(() => write('weir.yaml', base)), 'applied')
  t.notMatch(await client(), /203/)
})

t.test('limits of clients count from the next request on', async (t) => {
  const base = `%head%${ENDPOINTS}`
  const { write, after, get } = await startReloadable(t, { 'weir.yaml': base })
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`x-${n}`, '']))
  t.equal((await get('up', many)).status, 200)
  t.equal(await after(() => write('weir.yaml', `downstream: { max_headers_count: 50 }\n${base}`)), 'applied')
  t.equal((await get('up', many)).status, 431)
  t.equal(await after(() => write('weir.yaml', base)), 'applied')
  t.equal((await get('up', many)).status, 200)
})

t.test('limits of the process count from the next look on, and not for the admin listener', async (t) => {
  const base = `%head%${ENDPOINTS}`
  const { write, after, get } = await startReloadable(t, { 'weir.yaml': base })
  const becomes = (status: number): Promise<unknown> =>
    until(
      () => get('up'),
      (answer) => answer.status === status,
    )
  await becomes(200)
  t.equal(await after(() => write('weir.yaml', `overload: { max_memory: 64MiB }\n${base}`)), 'applied')
  await becomes(503)
  t.equal(await after(() => write('weir.yaml', `overload:\n${base}`)), 'applied', 'the admin listener answers')
  await becomes(200)
})

t.test('the shutdown is the one that the newest configuration says', async (t) => {
  const base = `%head%${ENDPOINTS}`
  const begun = Promise.withResolvers<void>()
  const { write, after, get, weir } = await startReloadable(
    t,
    { 'weir.yaml': `shutdown: { timeout: 1h, grace_period: 1h }\n${base}` },
    {
      listener: (_request, response) => {
        response.write('and never ends')
        begun.resolve()
      },
    },
  )
  t.equal(await after(() => write('weir.yaml', `shutdown: { timeout: 100ms }\n${base}`)), 'applied')
  const cut = t.rejects(get('up'))
  await begun.promise
  t.equal((await weir.stop()).code, 0)
  await cut
})

t.test('the echo service comes, moves and goes; on an address that is taken it is refused', async (t) => {
  const { write, after, get, status, upstream } = await startReloadable(t, { 'weir.yaml': `%head%${ENDPOINTS}` })
  const [first, second] = [await freePort(), await freePort()]
  const at = (port: number): string =>
    `%head%echo: { listen: 127.0.0.1:${port} }\n${ENDPOINTS}${entry('echo', `http://127.0.0.1:${port}`)}`
  t.equal(await after(() => write('weir.yaml', at(first))), 'applied')
  t.match((await get('echo')).json(), { method: 'GET' })
  t.equal(await after(() => write('weir.yaml', at(second))), 'applied')
  t.match((await get('echo')).json(), { method: 'GET' })
  await t.rejects(send(`http://127.0.0.1:${first}/`), { code: 'ECONNREFUSED' })
  t.equal(await after(() => write('weir.yaml', at(Number(new URL(upstream.url).port)))), 'failed')
  t.match(await status(), { last_failure: { problems: [{ line: 3, path: 'echo.listen', message: /EADDRINUSE/ }] } })
  t.match((await get('echo')).json(), { method: 'GET' }, 'what runs goes on')
  t.equal(await after(() => write('weir.yaml', `%head%${ENDPOINTS}`)), 'applied')
  await t.rejects(send(`http://127.0.0.1:${second}/`), { code: 'ECONNREFUSED' })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

t.test('what needs a restart is refused with its place, and nothing of it is applied', async (t) => {
  const head = 'listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\n'
  const { write, after, get, status, admin } = await startReloadable(t, { 'weir.yaml': `${head}${ENDPOINTS}` })
  const { version } = await status()
  const refused: [text: string, place: object][] = [
    [`${head}tracing: { enabled: true }\n`, { line: 3, col: 1, path: 'tracing' }],
    ['admin: { listen: 127.0.0.1:0 }\nlisten: 127.0.0.1:1\n', { line: 2, col: 1, path: 'listen' }],
    ['listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:1 }\n', { line: 2, col: 1, path: 'admin' }],
    ['listen: 127.0.0.1:0\nadmin: off\n', { line: 2, col: 1, path: 'admin' }],
  ]
  for (const [top, place] of refused) {
    const text = `${top}access_log: false\n${ENDPOINTS}${entry('new', '%up%/new')}`
    t.equal(await after(() => write('weir.yaml', text)), 'failed', top)
    t.match(await status(), {
      version,
      last_failure: { problems: [{ file: 'weir.yaml', message: /with a restart; nothing of this/, ...place }] },
    })
    t.equal((await get('new')).status, 404)
    t.equal((await get('up')).status, 200)
  }
  t.equal((await send(`${admin}/readyz`)).status, 200)
  t.equal(await after(() => write('weir.yaml', `${head}${ENDPOINTS}${entry('new', '%up%/new')}`)), 'applied')
  t.equal((await get('new')).status, 200)
})
