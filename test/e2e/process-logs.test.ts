import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import t from 'tap'
import { connectTo, send, sendRaw } from '../support/client.ts'
import { folder, LAUNCH, startWeir, yamlFor } from '../support/process.ts'
import { entry, startReloadable } from '../support/reload.ts'
import { startUpstream } from '../support/upstream.ts'

const ENDPOINTS = `endpoints:\n${entry('up', '%up%')}`

t.test('access lines of real requests', async (t) => {
  const { weir, proxy, get } = await startReloadable(
    t,
    { 'weir.yaml': `%head%${ENDPOINTS}` },
    { listener: (req, res) => void req.resume().on('end', () => res.end('x'.repeat(50_000))) },
  )
  await get('up', { 'User-Agent': 'curl/8\u00ff "x"', Host: 'api.test' })
  t.match(await weir.line(({ user_agent }) => user_agent !== undefined), {
    listener: 'proxy',
    host: 'api.test',
    protocol: 'HTTP/1.1',
    user_agent: 'curl/8\u00ff "x"',
    attempts: 1,
    bytes_received: 0,
    bytes_sent: 50_000,
  })
  const port = Number(new URL(proxy).port)
  const path = '/orchestrator/v1/up'
  await sendRaw(port, `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello`)
  t.match(await weir.line(({ method }) => method === 'POST'), { bytes_received: 5, bytes_sent: 50_000 })
  await sendRaw(port, `HEAD ${path} HTTP/1.0\r\n\r\n`)
  t.match(await weir.line(({ method }) => method === 'HEAD'), { protocol: 'HTTP/1.0', bytes_sent: 0 })
  await send(`${proxy}/nowhere`)
  const local = await weir.line(({ path }) => path === '/nowhere')
  t.match(local, { status: 404, filter: 'route-match' })
  t.ok((local.bytes_sent as number) > 50, 'of a reply of the gateway')
  t.notOk('attempts' in local)
})

t.test('the bytes of a tunnel', async (t) => {
  const { weir, proxy, upstream } = await startReloadable(t, { 'weir.yaml': `%head%${ENDPOINTS}` })
  upstream.server.on('upgrade', (_req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    socket.once('data', () => socket.end('0123456789'))
  })
  const socket = await connectTo(Number(new URL(proxy).port))
  const head = 'GET /orchestrator/v1/up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  socket.write(`${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nearly`)
  await once(socket.resume(), 'end')
  socket.end()
  t.match(await weir.line(({ status }) => status === 101), { bytes_received: 5, bytes_sent: 10 })
})

t.test('formats and conditions change at once', async (t) => {
  const base = `%head%${ENDPOINTS}`
  const { weir, write, after, get, proxy } = await startReloadable(t, { 'weir.yaml': base })
  await get('up')
  t.match(await weir.line((line) => 'duration_ms' in line), { level: 30, time: Number })
  const iso = `log_time: iso\nlog_level_names: true\naccess_log: { paths: { exclude: [/healthz] } }\n${base}`
  t.equal(await after(() => write('weir.yaml', iso)), 'applied')
  await send(`${proxy}/healthz`)
  await get('up')
  const line = await weir.line(({ level, path }) => level === 'info' && path === '/orchestrator/v1/up/')
  t.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.notOk(weir.access.some(({ path }) => path === '/healthz'))
  t.match(await weir.line(({ msg, level }) => /configuration/.test(String(msg)) && level === 'info'), { time: String })
  t.equal(await after(() => write('weir.yaml', `access_log: { format: combined }\n${base}`)), 'applied')
  await send(`${proxy}/orchestrator/v1/up`, { headers: { 'User-Agent': 'a "b"' } })
  t.equal(await after(() => write('weir.yaml', `log_format: pretty\n${base}`)), 'applied')
  await get('up')
  const { stdout } = await weir.stop()
  t.match(stdout, /^127\.0\.0\.1 - - \[.+ \+0000\] "GET \/orchestrator\/v1\/up HTTP\/1\.1" 200 1 "-" "a \\"b\\""$/m)
  t.match(
    stdout,
    /^\d\d:\d\d:\d\d\.\d{3} INFO {2}GET \/orchestrator\/v1\/up\/ 200 [\d.]+ ms {2}endpoint=v1\/up target=/m,
  )
  t.match(stdout, /^\S+ INFO {2}stopped$/m)
})

t.test('a terminal gets readable lines, in colour unless NO_COLOR is set', async (t) => {
  const script = '/usr/bin/script'
  if (!existsSync(script)) return void t.pass('a terminal', { skip: 'there is no script(1) on this machine' })
  const upstream = await startUpstream((_req, res) => void res.end())
  t.teardown(() => upstream.close())
  const cwd = await folder(t, { 'weir.yaml': yamlFor(upstream.url) })
  const onTerminal = async (env: Record<string, string>): Promise<string> => {
    // The shell becomes Weir, so that its process id is known to the test.
    const command = `echo pid $$; exec ${process.execPath} ${LAUNCH} run`
    const child = spawn(script, ['-qec', command, '/dev/null'], {
      cwd,
      env: { PATH: process.env.PATH ?? '', SHELL: '/bin/sh', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    t.teardown(() => child.kill('SIGKILL'))
    let text = ''
    const ended = once(child, 'close')
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      text += chunk
      const port = /proxy listens on \S+:(\d+)/.exec(text)?.[1]
      const pid = Number(/pid (\d+)/.exec(text)?.[1])
      if (port === undefined || text.includes('stopping')) continue
      if (!text.includes('/orchestrator/')) await send(`http://127.0.0.1:${port}/orchestrator/v1/up/x`)
      process.kill(pid, 'SIGTERM')
    }
    await ended
    return text
  }
  const coloured = await onTerminal({})
  t.match(coloured, 'INFO \u001b[0m proxy listens on')
  t.match(coloured, /GET \/orchestrator\/v1\/up\/x /)
  t.notMatch(coloured, '{"level"')
  const bare = await onTerminal({ NO_COLOR: '1' })
  t.notOk(bare.includes('\u001b'))
  t.match(bare, /^\d\d:\d\d:\d\d\.\d{3} INFO {2}GET \/orchestrator\/v1\/up\/x 200 /m)
})

t.test('the code for terminals is loaded for them alone', async (t) => {
  const program = `
    import { registerHooks } from 'node:module'
    registerHooks({ load: (url, context, next) => (/pretty-log/.test(url) && console.log('loaded'), next(url, context)) })
    const { makeLogger } = await import(${JSON.stringify(new URL('../../core/observe/root-logger.ts', import.meta.url).href)})
    const log = makeLogger({ level: 'info' })
    await log.setFormat(process.argv[1], { isoTime: false, levelNames: false })`
  const loaded = (format: string): string =>
    spawnSync(process.execPath, ['--input-type=module', '-e', program, format], { encoding: 'utf8' }).stdout
  t.equal(loaded('auto'), '')
  t.equal(loaded('pretty'), 'loaded\n')
})

t.test('a failed upstream is a warning, also without the access log; many are one line and a number', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  const cwd = await folder(t, { 'weir.yaml': yamlFor(`http://127.0.0.1:${port}`, 'access_log: false\n') })
  // Each process has a line and a number of its own.
  const { weir, proxy } = await startWeir(t, { cwd, env: { WEIR_WORKERS: '1' } })
  for (let i = 0; i < 4; i++) t.equal((await send(`${proxy}/orchestrator/v1/up`)).status, 502)
  const failed = await weir.line(({ error }) => error !== undefined)
  t.match(failed, {
    level: 40,
    msg: 'an attempt at an upstream failed',
    endpoint: 'v1/up',
    target: `127.0.0.1:${port}`,
    error: 'upstream_connect_failed',
    cause: 'ECONNREFUSED',
    detail: 'The upstream could not be reached',
    attempt: 1,
    request_id: String,
  })
  await weir.stop()
  const lines = weir.lines.filter(({ error }) => error === 'upstream_connect_failed')
  t.match(lines, [{}, { suppressed: 3 }], 'the end of the process writes the rest')
  t.equal(lines.length, 2)
})
