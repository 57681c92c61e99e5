import t, { type Test } from 'tap'
import { send } from '../support/client.ts'
import { startDns } from '../support/dns.ts'
import { folder, spawnWeir } from '../support/process.ts'
import { UpstreamProcess } from '../support/upstream-process.ts'

const CHAIN = 'request-id, auth, route-match, method-check, retry: { per_try_timeout: 500ms }, breaker, proxy, metrics'

/** A gateway process before two upstream processes. Gives what asks it. */
async function before(t: Test, targets: readonly UpstreamProcess[]) {
  const urls = targets.map(({ url }) => `{ url: "${url}" }`).join(', ')
  const cwd = await folder(t, {
    'weir.yaml': `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
filters: [${CHAIN}]
endpoints:
  - { name: up, targets: [${urls}], filters: { breaker: { failure_threshold: 3, reset_timeout: 1s } } }
`,
  })
  const weir = spawnWeir(t, { cwd })
  const base = `${await weir.url('proxy')}/orchestrator/up`
  const statuses = async (method: string, count: number, path = 'x'): Promise<number[]> => {
    const all: number[] = []
    for (let i = 0; i < count; i++) all.push((await send(`${base}/${path}${i}`, { method })).status)
    return all
  }
  return { weir, statuses, admin: await weir.url('admin') }
}

const all200 = (count: number): number[] => Array.from({ length: count }, () => 200)

for (const [what, hurt, heal] of [
  ['is killed', (one: UpstreamProcess) => one.kill(), (one: UpstreamProcess) => one.start()],
  ['is stopped', (one: UpstreamProcess) => one.signal('SIGSTOP'), (one: UpstreamProcess) => one.signal('SIGCONT')],
  [
    'half-closes',
    (one: UpstreamProcess) => send(`${one.url}/told/half`),
    (one: UpstreamProcess) => send(`${one.url}/told/well`),
  ],
  [
    'is slow',
    (one: UpstreamProcess) => send(`${one.url}/told/slow`),
    (one: UpstreamProcess) => send(`${one.url}/told/well`),
  ],
] as const) {
  t.test(`one of two ${what}: clients see nothing of it, and it is left alone until it is back`, async (t) => {
    const [bad, good] = [await UpstreamProcess.start(t), await UpstreamProcess.start(t)]
    const { statuses, weir } = await before(t, [bad, good])
    t.same(await statuses('GET', 4, 'first'), all200(4))
    await hurt(bad)
    t.same(await statuses('GET', 20), all200(20))
    await weir.line((line) => line.msg === 'breaker changed its state' && line.to === 'open' && line.target === bad.url)
    await heal(bad)
    const closed = weir.line((line) => line.to === 'closed' && line.target === bad.url)
    let over = false
    void closed.then(() => (over = true))
    while (!over) if ((await statuses('GET', 1, 'again'))[0] !== 200) t.fail('a client saw it')
    const { body } = await send(`${bad.url}/seen`)
    t.match(body, /GET\/again/, 'it has traffic again')
  })
}

t.test('what is not idempotent reaches no second upstream once it may have reached one', async (t) => {
  const all = [await UpstreamProcess.start(t), await UpstreamProcess.start(t)]
  const { statuses } = await before(t, all)
  await send(`${all[0]!.url}/told/half`)
  const answers = await statuses('POST', 10)
  t.ok(answers.includes(502))
  const seen = (await Promise.all(all.map(async ({ url }) => (await send(`${url}/seen`)).body.split(' ')))).flat()
  const posts = seen.filter((one) => one.startsWith('POST'))
  t.equal(new Set(posts).size, posts.length)
})

t.test('an upstream that moves to another address is followed', async (t) => {
  const old = await UpstreamProcess.start(t, '127.0.0.2')
  const dns = await startDns({ 'up.test': { addresses: ['127.0.0.2'], ttl: 1 } })
  t.teardown(() => dns.close())
  const cwd = await folder(t, {
    'weir.yaml': `listen: 127.0.0.1:0
admin: off
filters: [route-match, { proxy: { dns: { servers: ["${dns.address}"], min_ttl: 200ms } } }]
endpoints:
  - { name: up, url: "http://up.test:${old.port}" }
`,
  })
  // Each worker follows by itself.
  const weir = spawnWeir(t, { cwd, env: { WEIR_WORKERS: '1' } })
  const url = `${await weir.url('proxy')}/orchestrator/up/x`
  t.equal((await send(url)).body, '127.0.0.2')
  const next = await UpstreamProcess.start(t, '127.0.0.3', old.port)
  dns.names.set('up.test', { addresses: [next.host], ttl: 1 })
  let host = ''
  for (let i = 0; host !== next.host; i++) {
    const { status, body } = await send(url)
    t.equal(status, 200, `request ${i}`)
    host = body
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await old.kill()
  t.equal((await send(url)).body, '127.0.0.3')
})
