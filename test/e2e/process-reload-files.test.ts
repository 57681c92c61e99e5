// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import { hash } from 'node:crypto'
import { mkdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { SignJWT } from 'jose'
import t from 'tap'
import { send } from '../support/client.ts'
import { entry, startReloadable } from '../support/reload.ts'

const BASE = `%head%endpoints:\n${entry('up', '%up%/up')}`

t.test('included files come, change and go', async (t) => {
  const { dir, write, after, get, status, traffic, weir } = await startReloadable(t, {
    'weir.yaml': `include: [conf.d/*.yaml, "teams/**/*.yaml"]\n${BASE}`,
    'conf.d/a.yaml': `endpoints:\n${entry('a', '%up%/a')}`,
  })
  const requests = traffic('up')
  t.equal((await get('a')).body, '/a/')
  t.strictSame((await status()).files, ['weir.yaml', 'conf.d/a.yaml'])
  t.equal(await after(() => write('conf.d/b.yaml', `endpoints:\n${entry('b', '%up%/b')}`)), 'applied')
  t.equal((await get('b')).body, '/b/')
  t.equal(await after(() => write('conf.d/b.yaml', `endpoints:\n${entry('b', '%up%/new')}`)), 'applied')
  t.equal((await get('b')).body, '/new/')
  t.equal(await after(() => write('conf.d/b.yaml', `# b\nendpoints:\n${entry('b', '%up%', '    bad: 1\n')}`)), 'failed')
  t.match(await status(), {
    last_failure: { problems: [{ file: 'conf.d/b.yaml', line: 6, col: 5, path: 'endpoints[0].bad' }] },
  })
  t.ok(await weir.line(({ place }) => place === 'conf.d/b.yaml:6:5 endpoints[0].bad'))
  t.equal((await get('b')).body, '/new/')
  t.equal(await after(() => unlinkSync(join(dir, 'conf.d/b.yaml'))), 'applied')
  t.equal((await get('b')).status, 404)
  t.equal(await after(() => write('conf.d/later.yaml', '# nothing yet\n')), 'unchanged')
  t.strictSame((await status()).files, ['weir.yaml', 'conf.d/a.yaml', 'conf.d/later.yaml'])
  t.equal((await requests.stop()).failed, 0)
})

t.test('so do files in folders that are made later', async (t) => {
  const { dir, write, after, get } = await startReloadable(t, { 'weir.yaml': `include: teams/**/*.yaml\n${BASE}` })
  mkdirSync(join(dir, 'teams/one'), { recursive: true })
  // The watcher sees an empty folder first.
  await new Promise((done) => setTimeout(done, 500))
  t.equal(await after(() => write('teams/one/a.yaml', `endpoints:\n${entry('a', '%up%/a')}`)), 'applied')
  t.equal((await get('a')).body, '/a/')
  mkdirSync(join(dir, 'teams/one/two'))
  await new Promise((done) => setTimeout(done, 500))
  t.equal(await after(() => write('teams/one/two/b.yaml', `endpoints:\n${entry('b', '%up%/b')}`)), 'applied')
  t.equal((await get('b')).body, '/b/')
})

t.test('a file that is missing is waited for', async (t) => {
  const { write, after, get, status } = await startReloadable(t, { 'weir.yaml': BASE })
  t.equal(await after(() => write('weir.yaml', `include: more.yaml\n${BASE}`)), 'failed')
  t.match(await status(), { last_failure: { problems: [{ file: 'more.yaml', message: /no such file/ }] } })
  t.equal(await after(() => write('more.yaml', `endpoints:\n${entry('more', '%up%/more')}`)), 'applied')
  t.equal((await get('more')).status, 200)
  const ca = '    filters:\n      proxy: { tls: { ca_file: ca.pem } }\n'
  t.equal(await after(() => write('weir.yaml', `${BASE}${ca}`)), 'failed', 'one that a filter reads')
  t.match(await status(), { last_failure: { problems: [{ line: 8, message: /cannot read "ca.pem"/ }] } })
  t.equal(await after(() => write('ca.pem', rootCertificates[0]!)), 'applied')
})

const SECRETS = ['first-secret-of-at-least-32-bytes-x', 'second-secret-of-at-least-32-bytes']
const SHORT = 'too-short-of-a-secret'
const token = (secret: string): Promise<string> =>
  new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret))

for (const [what, options] of [
  ['${file:…}', 'secret: "${file:jwt}"'],
  ['secret_file', 'secret_file: jwt'],
] as const)
  t.test(`a secret by ${what} is rotated by writing its file, and shows nowhere`, async (t) => {
    const { admin, write, replace, after, get, status, weir } = await startReloadable(t, {
      jwt: `${SECRETS[0]}\n`,
      'weir.yaml': `filters: [request-id, auth: { ${options} }, route-match, method-check, breaker, proxy, metrics]\n${BASE}    auth_type: bearer\n`,
    })
    const codes = async (): Promise<number[]> => {
      const ask = async (secret: string): Promise<number> =>
        (await get('up', { Authorization: `Bearer ${await token(secret)}` })).status
      return Promise.all(SECRETS.map(ask))
    }
    t.strictSame(await codes(), [200, 401])
    t.equal(await after(() => replace('jwt', SECRETS[1]!)), 'applied')
    t.strictSame(await codes(), [401, 200])
    t.equal(await after(() => write('jwt', '')), 'failed')
    const broken = await status()
    t.match(broken, { last_failure: { problems: [{ file: 'weir.yaml', line: 1 }] } })
    t.strictSame(await codes(), [401, 200])
    t.equal(await after(() => write('jwt', SHORT)), 'failed')
    const short = await status()
    t.match(short, { last_failure: { problems: [{ line: 1, message: /the secret has 21 bytes/ }] } })
    t.strictSame(await codes(), [401, 200])
    t.equal(await after(() => write('jwt', `${SECRETS[0]!} `)), 'applied')
    const spaced = await status()
    t.match(spaced, { last_failure: null, warnings: [{ file: 'weir.yaml', line: 1, message: /ends in white space/ }] })
    t.equal(new Set(spaced.warnings.map(({ message }) => message)).size, 1)
    t.equal(await after(() => write('jwt', SECRETS[0]!)), 'applied')
    t.match(await status(), { warnings: [] })
    t.strictSame(await codes(), [200, 401])
    const told = [broken, short, spaced, (await send(`${admin}/config/reload`, { method: 'POST' })).body]
    for (const secret of [...SECRETS, SHORT])
      t.notOk([JSON.stringify(told), weir.stdout, weir.stderr].some((text) => text.includes(secret)))
  })

t.test('a reference in the wrong place does not show what it stands for', async (t) => {
  const { write, after, status, weir } = await startReloadable(t, { 'weir.yaml': BASE, key: 'hunter2-hunter2' })
  for (const lines of [
    'log_level: ${file:key}\n',
    'trusted_proxies: ["${file:key}"]\n',
    'shutdown:\n  timeout: x${file:key}\n',
    'circuit_breaker:\n  failure_threshold: ${file:key}\n',
    'auth_algorithm: ${file:key}\n',
  ]) {
    t.equal(await after(() => write('weir.yaml', `${lines}${BASE}`)), 'failed', lines)
    t.notMatch(JSON.stringify(await status()), /hunter2/, lines)
  }
  t.equal(
    await after(() => write('weir.yaml', `${BASE}    methods: ["\${file:key}"]\n    timeout: "\${file:key}"\n`)),
    'failed',
  )
  t.notMatch(JSON.stringify(await status()), /hunter2/)
  t.notMatch(weir.stdout, /hunter2/)
})

t.test('a folder of API keys: files come, change and go', async (t) => {
  const entryOf = (id: string, key: string): string => `- id: ${id}\n  hash: sha256:${hash('sha256', key, 'hex')}\n`
  const [first, second] = ['first_key_of_all_keys', 'second_key_of_all_keys']
  const { dir, write, after, proxy } = await startReloadable(t, {
    'keys.d/a.yaml': entryOf('a', first),
    'keys.d/.hidden.yaml': 'no list',
    'keys.d/notes.txt': 'no list',
    'weir.yaml': `%head%filters: [{ auth: { api_keys: { directory: keys.d } } }, route-match, proxy]\nendpoints:\n${entry('keys', '%up%', '    auth_type: api_key\n')}`,
  })

  const status = async (key: string): Promise<number> =>
    (await send(`${proxy}/orchestrator/v1/keys/`, { headers: { 'x-api-key': key } })).status
  t.equal(await status(first), 200)
  t.equal(await status(second), 401)
  t.equal(await after(() => write('keys.d/b.yml', entryOf('b', second))), 'applied')
  t.equal(await status(second), 200)
  t.equal(await after(() => write('keys.d/c.yaml', '- id: c\n  hash: sha2')), 'failed')
  t.equal(await status(second), 200, 'what runs goes on')
  t.equal(await after(() => unlinkSync(join(dir, 'keys.d/c.yaml'))), 'unchanged')
  t.equal(await after(() => unlinkSync(join(dir, 'keys.d/a.yaml'))), 'applied')
  t.equal(await status(first), 401)
  t.equal(await status(second), 200)
})
