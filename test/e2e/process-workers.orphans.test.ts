// What is left when the primary is killed: workers, sockets, files.
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { inject } from '../../core/testing/inject.ts'
import { folder, spawnWeir, yamlFor } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'
import { gone, isAlive, ready, workersOf } from '../support/workers.ts'

const upstream = await startUpstream((_, res) => void res.end('up'))
t.teardown(() => upstream.close())

const HANG = `export default { name: 'hang', apiVersion: 1, create: () => ({ request(x) {
  if (!x.request.path.endsWith('/hang')) return
  console.error('it hangs')
  for (;;);
} }) }`
const REST = 'workers: { count: 2, timeout: 4s }\nplugins: [./hang.js]\nfilters: [hang, route-match, proxy]\n'

t.test('the primary is killed while a worker hangs: a new gateway gets the port, and nothing is left', async (t) => {
  const cwd = await folder(t, { 'hang.js': HANG, 'weir.yaml': yamlFor(upstream.url, REST) })
  await mkdir(join(cwd, 'tmp'))
  const env = { WEIR_WORKERS: '', TMPDIR: join(cwd, 'tmp') }
  const caches = async (): Promise<string[]> =>
    (await readdir(join(cwd, 'tmp'))).filter((name) => name.startsWith('weir-workers-'))
  const first = spawnWeir(t, { cwd, env })
  const proxy = await first.url()
  const pids = [...workersOf(first).values()]
  t.teardown(() => {
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
  t.equal((await caches()).length, 1)
  inject(proxy, { path: '/orchestrator/v1/up/hang' }).catch(() => {})
  while (!first.stderr.includes('it hangs')) await setTimeout(10)
  const yaml = yamlFor(upstream.url, REST).replace('127.0.0.1:0', new URL(proxy).host)
  await writeFile(join(cwd, 'weir.yaml'), yaml)
  // It starts while the first still has the port: a start takes longer than what is left of the first may live.
  const second = spawnWeir(t, { cwd, env })
  t.match(await second.line(({ msg }) => /is in use/.test(String(msg))), {
    level: 40,
    port: Number(new URL(proxy).port),
  })
  first.child.kill('SIGKILL')
  await gone(pids)
  await ready(second, 2)
  t.match(await inject(proxy, { path: '/orchestrator/v1/up/' }), { status: 200 })
  t.equal((await caches()).length, 1, 'that of the new one')
  t.match(await second.stop(), { code: 0 })
  t.strictSame(await caches(), [])
})
