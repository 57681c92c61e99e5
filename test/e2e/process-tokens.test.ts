// Who issues tokens, and what every process knows of them: one process and three, with an issuer that tells what it was asked.
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { inject } from '../../core/testing/inject.ts'
import { folder, startWeir, weirCommand } from '../support/process.ts'
import { until } from '../support/reload.ts'
import { workersOf } from '../support/workers.ts'

t.setTimeout(240_000)

const supportFile = (name: string): string => fileURLToPath(new URL(`../support/${name}`, import.meta.url))
const NODE_OPTIONS = `--import=${supportFile('fake-token-issuer-hooks.ts')}`
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

const yaml = (workers: number, tokens = ''): string => `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
workers: ${workers}
plugins: ["${supportFile('known-tokens-filter.ts')}"]
filters: [request-id, known-tokens, auth: { required: true, secret: "${'s'.repeat(32)}" }, route-match, proxy]
tokens: { issuer: "http://127.0.0.1:8000", users_file: users.yaml${tokens} }
endpoints: [{ name: up, version: v1, url: "http://127.0.0.1:9" }]
`

interface Known {
  readonly pid: number
  readonly trust: { readonly audience: string } | undefined
  readonly revoked: boolean
}

async function start(t: Test, workers: number) {
  const cwd = await folder(t, { 'weir.yaml': yaml(workers), 'users.yaml': '[]\n' })
  const started = await startWeir(t, { cwd, env: { WEIR_WORKERS: '', NODE_OPTIONS } })
  const known = async (jti: string): Promise<Known> =>
    (await inject(started.proxy, { path: `/known?${jti}`, headers: { Connection: 'close' } })).json() as Known
  return {
    ...started,
    cwd,
    write: (text: string) => writeFile(join(cwd, 'weir.yaml'), text),
    post: (path: string, body: string | Uint8Array) =>
      inject(started.proxy, { method: 'POST', path, headers: { ...FORM, Connection: 'close' }, body }),
    /** What each process says that serves. */
    all: async (jti: string): Promise<readonly Known[]> => {
      const found = new Map<number, Known>()
      await until(
        async () => {
          const one = await known(jti)
          found.set(one.pid, one)
          return found.size
        },
        (size) => size >= workers,
      )
      return [...found.values()]
    },
  }
}

const EVERY_BYTE = Uint8Array.from({ length: 16 * 1024 }, (_, i) => i % 256)

for (const workers of [1, 3]) {
  const count = workers === 1 ? 'one process' : `${workers} workers`

  t.test(`${count}: one process issues, whoever is asked`, async (t) => {
    const { weir, proxy, post } = await start(t, workers)
    for (let i = 0; i < 2 * workers; i++) {
      const got = await post('/auth/token?a=b', EVERY_BYTE)
      t.match([got.status, got.headers.get('cache-control')], [200, 'no-store'])
      t.match(got.json(), {
        pid: weir.child.pid!,
        operation: 'token',
        method: 'POST',
        query: true,
        contentType: FORM['Content-Type'],
        address: '127.0.0.1',
        requestId: /./,
        size: EVERY_BYTE.length,
        digest: createHash('sha256').update(EVERY_BYTE).digest('hex'),
      })
    }
    const paths = ['/auth/user', '/auth/jwks.json', '/.well-known/jwks.json', '/.well-known/openid-configuration']
    for (const path of paths) t.equal((await inject(proxy, { path })).status, 200, path)
    t.equal((await inject(proxy, { path: '/auth/other' })).status, 404)
    t.equal((await inject(proxy, { path: '/orchestrator/v1/up/' })).status, 401, 'auth guards all others')
  })

  t.test(`${count}: what is revoked is so in every process when that is confirmed, and in later ones`, async (t) => {
    const { weir, post, all } = await start(t, workers)
    const before = await all('first')
    t.equal(before.length, workers)
    for (const one of before) t.match(one, { trust: { audience: 'http://127.0.0.1:8000' }, revoked: false })
    for (let i = 0; i < 5; i++) {
      t.equal((await post('/auth/revoke', `token${i}`)).status, 200)
      for (const one of await all(`token${i}`)) t.equal(one.revoked, true)
    }
    if (workers > 1) {
      const killed = workersOf(weir).get(2)!
      process.kill(killed, 'SIGKILL')
      await weir.line(() => weir.lines.filter(({ msg }) => msg === 'worker 2 is ready').length === 2)
      for (const one of await all('token0')) {
        t.not(one.pid, killed)
        t.match(one, { trust: { audience: 'http://127.0.0.1:8000' }, revoked: true })
      }
    }
    t.equal((await weir.stop()).code, 0)
    t.equal(weir.lines.filter(({ msg }) => msg === 'the issuer stopped').length, 1)
  })

  t.test(`${count}: a reload reaches the issuer, and what it can't do changes nothing`, async (t) => {
    const { weir, admin, all, write, cwd, post } = await start(t, workers)
    const reload = async () => (await inject(admin, { method: 'POST', path: '/config/reload' })).body
    await write(yaml(workers, ', audience: other'))
    await reload()
    for (const { trust } of await all('')) t.equal(trust?.audience, 'other')
    for (const [tokens, message] of [
      [', audience: broken, serve: { prefix: /moved }', /users\.yaml: no users/],
      [', keys_dir: elsewhere', /\\"tokens\.keys_dir\\" changes only with a restart/],
    ] as const) {
      await write(yaml(workers, tokens))
      t.match(await reload(), message)
      for (const { trust } of await all('')) t.equal(trust?.audience, 'other')
      t.equal((await post('/auth/token', 'a=b')).status, 200)
    }
    await write(yaml(workers, ', audience: other, serve: { prefix: /moved }'))
    await reload()
    t.equal((await post('/moved/token', 'a=b')).status, 200)
    const applied = (): number => weir.lines.filter(({ msg }) => msg === 'the issuer applied its settings').length
    await writeFile(join(cwd, 'users.yaml'), '[{}]\n')
    await reload()
    // At the start, for three files, and what ran before for the one that is refused.
    await weir.line(() => applied() === 5)
  })
}

t.test('a worker that does not confirm makes it known, and knows when it runs again', async (t) => {
  const { weir, post, all } = await start(t, 2)
  const asleep = workersOf(weir).get(2)!
  process.kill(asleep, 'SIGSTOP')
  t.teardown(() => process.kill(asleep, 'SIGCONT'))
  // The other worker accepts connections; this one may hold some that wait for it.
  const [first, second, third] = await Promise.all(
    ['one', 'one', 'one'].map((jti) =>
      Promise.race([post('/auth/revoke', jti).then(({ status }) => status), setTimeout(5000)]),
    ),
  )
  t.ok([first, second, third].includes(503), 'it is not confirmed')
  t.notOk([first, second, third].includes(200))
  process.kill(asleep, 'SIGCONT')
  await until(
    () => all('one'),
    (known) => known.every(({ revoked }) => revoked),
  )
  await until(
    async () => (await post('/auth/revoke', 'two')).status,
    (status) => status === 200,
  )
})

t.test('tokens that can not be issued are an error of the start, at their place', async (t) => {
  for (const workers of [1, 2]) {
    const cwd = await folder(t, { 'weir.yaml': yaml(workers, ', audience: broken'), 'users.yaml': '[]\n' })
    const { code, stderr } = await weirCommand(t, { cwd, env: { WEIR_WORKERS: '', NODE_OPTIONS } })
    t.equal(code, 78)
    t.match(stderr, /weir\.yaml:6.*tokens.*users\.yaml: no users/s)
  }
})
