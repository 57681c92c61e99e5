import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { connectTo, send } from '../support/client.ts'
import { folder, LAUNCH, spawnWeir, startWeir, type WeirProcess, yamlFor } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

/** A plugin that takes a second to load, and says when it begins. */
const SLOW = `process.stderr.write('LOADING\\n')
await new Promise((done) => setTimeout(done, 1000))
export default []
`
const yaml = yamlFor('http://127.0.0.1:9', 'plugins: [./slow.mjs]\n')

/** A process that is in the middle of its start. */
async function starting(t: Test): Promise<WeirProcess> {
  const cwd = await folder(t, { 'weir.yaml': yaml, 'slow.mjs': SLOW })
  const weir = spawnWeir(t, { cwd })
  while (!weir.stderr.includes('LOADING')) await once(weir.child.stderr!, 'data')
  return weir
}

t.test('SIGHUP during the start is remembered, and loads again', async (t) => {
  const weir = await starting(t)
  weir.child.kill('SIGHUP')
  weir.child.kill('SIGHUP')
  const line = await weir.line(({ msg }) => String(msg).startsWith('configuration reloaded'))
  t.equal(line.trigger, 'signal')
  t.equal((await weir.stop()).code, 0)
})

t.test('SIGTERM during the start stops, with 0; a second one exits at once', async (t) => {
  const weir = await starting(t)
  const { code, signal, stdout } = await weir.stop()
  t.strictSame([code, signal], [0, null])
  t.match(stdout, /"msg":"stopped"/)
  const hurried = await starting(t)
  hurried.child.kill('SIGTERM')
  await sleep(50)
  t.equal((await hurried.stop('SIGINT')).code, 1)
  t.notMatch(hurried.stdout, /listens on/)
})

/** Runs before launch.js, and tells when both signals are caught. */
const SPY = `
const on = process.on
const caught = new Set()
process.on = function (name, fn) {
  const result = on.call(this, name, fn)
  caught.add(name)
  if (name.startsWith('SIG') && caught.has('SIGHUP') && caught.has('SIGTERM')) {
    process.on = on
    process.stderr.write('CAUGHT')
  }
  return result
}
`

t.test('signals in the first moments, as early as Node lets them be caught', async (t) => {
  const upstream = await startUpstream((_request, response) => void response.end('fine'))
  t.teardown(() => upstream.close())
  const cwd = await folder(t, { 'weir.yaml': yamlFor(upstream.url), 'spy.cjs': SPY })
  for (const signal of ['SIGHUP', 'SIGTERM'] as const) {
    const weir = spawnWeir(t, { cwd, env: { NODE_OPTIONS: `--require ${cwd}/spy.cjs` } })
    await once(weir.child.stderr!, 'data')
    weir.child.kill(signal)
    if (signal === 'SIGHUP') {
      t.equal((await send(`${await weir.url()}/orchestrator/v1/up/`)).status, 200)
      weir.child.kill('SIGTERM')
    }
    t.strictSame((await weir.exited).code, 0, signal)
  }
})

t.test('SIGUSR1 opens no debugger', async (t) => {
  const cwd = await folder(t, { 'weir.yaml': yamlFor('http://127.0.0.1:9') })
  const { weir, admin } = await startWeir(t, { cwd })
  weir.child.kill('SIGUSR1')
  await sleep(300)
  t.equal((await send(`${admin}/livez`)).status, 200)
  const debuggers = await new Promise((resolve) => {
    get('http://127.0.0.1:9229/json', (response) => resolve(response.statusCode)).on('error', () => resolve('none'))
  })
  t.equal(debuggers, 'none')
  const { code, stderr } = await weir.stop()
  t.equal(code, 0)
  t.notMatch(stderr, /Debugger/)
})

const asFirst = ['-fp', '--kill-child', ...(process.getuid?.() === 0 ? [] : ['-r'])]
const allowed = spawnSync('unshare', [...asFirst, 'true']).status === 0

// coturn/coturn#1106: a container could not be stopped, because the default of SIGTERM does not hold for PID 1.
t.test(
  'as PID 1, SIGTERM in the first second stops',
  { skip: allowed ? false : 'unshare -fp is not allowed here: run this test where it is' },
  async (t) => {
    const cwd = await folder(t, { 'weir.yaml': yaml, 'slow.mjs': SLOW })
    // Only a process of the same namespace can tell: the shell is PID 1 only until it becomes Weir, and its child sends.
    const script = `(sleep 1; kill -TERM 1) & exec "${process.execPath}" "${LAUNCH}" run`
    const child = spawn('unshare', [...asFirst, 'sh', '-c', script], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    t.teardown(() => child.kill('SIGKILL'))
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    const [code] = (await once(child, 'close')) as [number | null]
    t.equal(code, 0, stdout)
    t.match(stdout, /"msg":"stopped"/)
  },
)

t.test('half a head does not hold up the exit, and an idle connection neither', async (t) => {
  const cwd = await folder(t, { 'weir.yaml': yamlFor('http://127.0.0.1:9') })

  const { weir, proxy } = await startWeir(t, { cwd })
  const port = Number(new URL(proxy).port)
  const [half, idle] = [await connectTo(port), await connectTo(port)]
  for (const socket of [half, idle]) t.teardown(() => socket.destroy())
  let answer = ''
  half.on('data', (chunk) => (answer += chunk.toString('latin1')))
  half.write('GET /orchestrator/v1/up/ HTTP/1.1\r\nHost: a')
  // It goes on, a little at a time: the limit is for the whole head.
  const dribble = setInterval(() => half.write('a'), 200)
  t.teardown(() => clearInterval(dribble))
  half.on('error', () => {})
  await sleep(500) // until a process has accepted both
  const start = performance.now()
  t.equal((await weir.stop()).code, 0)
  const took = performance.now() - start
  t.ok(took < 6000, `${Math.round(took)} ms, where shutdown.timeout is 30 s`)
  t.match(answer, /^HTTP\/1\.1 408 /)
})
