import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { writeNewKey } from '../../plugins/tokens/key-folder.ts'
import { folder, LAUNCH } from '../support/process.ts'

function weir(cwd: string, args: readonly string[], input = ''): { code: number | null; out: string; err: string } {
  const options = { cwd, env: { PATH: process.env.PATH ?? '' }, encoding: 'utf8', input, timeout: 20_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCH, ...args], options)
  return { code: status, out: stdout, err: stderr }
}

const YAML = `
tokens: { issuer: "https://gateway.example.com", serve: { prefix: /auth }, keys_dir: keys }
endpoints: [{ name: orders, url: "http://127.0.0.1:1", auth_type: bearer }]
`

const token = (cwd: string, args: readonly string[], input?: string) => weir(cwd, ['token', ...args], input)

t.test('hash-password', async (t) => {
  const cwd = await folder(t)
  const made = token(cwd, ['hash-password'], 'correct horse\n')
  t.strictSame([made.code, made.err], [0, ''])
  t.match(made.out, /^\$scrypt\$ln=15,r=8,p=3\$[^$\n]+\$[^$\n]+\n$/)
  t.match(JSON.parse(token(cwd, ['hash-password', '-', '--json'], 'correct horse').out), { hash: /^\$scrypt\$/ })
  const none = token(cwd, ['hash-password'], '')
  t.strictSame([none.code, none.out], [1, ''])
})

t.test('issue, inspect and verify', async (t) => {
  const cwd = await folder(t, { 'weir.yaml': YAML, 'keys/.keep': '' })
  t.match(token(cwd, ['issue', '--sub', 'ann']), { code: 1, out: '', err: /^weir: there are no keys in .*keys: / })
  await writeNewKey(join(cwd, 'keys'), 'ES256', Date.now())
  const issued = token(cwd, ['issue', '--sub', 'ann', '--role', 'clerk', '--scope', 'orders:read', '--ttl', '5m'])
  t.equal(issued.code, 0)
  t.match(issued.out, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  t.match(JSON.parse(issued.err), { msg: 'token issued by command', sub: 'ann', roles: ['clerk'] })
  const inspected = token(cwd, ['inspect'], issued.out)
  t.match(inspected, {
    code: 0,
    err: '',
    out: /^NOT VERIFIED: .*\n\nHeader\n[\s\S]* {2}typ {2}at\+jwt\n[\s\S]*, in 4 min\n/,
  })
  t.match(JSON.parse(token(cwd, ['inspect', '--json'], issued.out).out), { verified: false, claims: { sub: 'ann' } })
  const verified = token(cwd, ['verify'], issued.out)
  t.match(verified, { code: 0, err: '', out: /^valid: signed with the key / })
  const wrong = token(cwd, ['verify', '--json'], issued.out.replace(/\.[^.]*$/, `.${'A'.repeat(86)}`))
  t.equal(wrong.code, 1)
  t.match(JSON.parse(wrong.out), { valid: false, reason: 'the signature is wrong' })
})

t.test('rotate-keys', async (t) => {
  const cwd = await folder(t, { 'weir.yaml': YAML, 'keys/.keep': '' })
  const dir = join(cwd, 'keys')
  const first = await writeNewKey(dir, 'ES256', Date.now() - 86_400_000)
  const bearer = token(cwd, ['issue', '--sub', 'ann']).out
  const { code, out } = token(cwd, ['rotate-keys', '--json'])
  t.equal(code, 0)
  const { kid, algorithm } = JSON.parse(out)
  t.equal(algorithm, 'ES256')
  t.strictSame(
    readdirSync(dir)
      .filter((name) => name.endsWith('.json'))
      .sort(),
    [`${first.kid}.json`, `${kid}.json`].sort(),
  )
  t.equal(token(cwd, ['verify'], bearer).code, 0, 'tokens of the other key stay valid')
})

t.test('validate and explain know who issues, and make no key', async (t) => {
  const cwd = await folder(t, { 'weir.yaml': YAML })
  t.match(weir(cwd, ['validate']), { code: 0, err: '' })
  const explained = weir(cwd, ['explain', 'GET', '/orchestrator/orders'])
  t.match(explained.out, 'demands a token signed with ES256')
  t.match(explained.out, 'key: tokens of this gateway')
  t.strictSame(readdirSync(cwd), ['weir.yaml'])
  const own = 'filters: [{ auth: { issuer: "https://gateway.example.com", secret_file: s } }, route-match, proxy]\n'
  const twice = await folder(t, { 'weir.yaml': `${own}${YAML}`, s: 'x'.repeat(32) })
  t.match(weir(twice, ['validate']), {
    code: 78,
    err: /could not be created: issuer: "https:\/\/gateway\.example\.com" is this gateway itself/,
  })
})
