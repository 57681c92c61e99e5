import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { writeNewKey } from '../../core/main/token-stand-in.ts'
import { folder, LAUNCH } from '../support/process.ts'

function weir(cwd: string, args: readonly string[], input = ''): { code: number | null; out: string; err: string } {
  const options = { cwd, env: { PATH: process.env.PATH ?? '' }, encoding: 'utf8', input, timeout: 20_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCH, 'token', ...args], options)
  return { code: status, out: stdout, err: stderr }
}

const YAML = `
tokens: { issuer: "https://gateway.example.com", serve: { prefix: /auth }, keys_dir: keys }
endpoints: [{ name: orders, url: "http://127.0.0.1:1", auth_type: bearer }]
`

t.test('hash-password', async (t) => {
  const cwd = await folder(t)
  const made = weir(cwd, ['hash-password'], 'correct horse\n')
  t.strictSame([made.code, made.err], [0, ''])
  t.match(made.out, /^\$scrypt\$ln=15,r=8,p=3\$[^$\n]+\$[^$\n]+\n$/)
  t.match(JSON.parse(weir(cwd, ['hash-password', '-', '--json'], 'correct horse').out), { hash: /^\$scrypt\$/ })
  const none = weir(cwd, ['hash-password'], '')
  t.strictSame([none.code, none.out], [1, ''])
})

t.test('issue, inspect and verify', async (t) => {
  const cwd = await folder(t, { 'weir.yaml': YAML, 'keys/.keep': '' })
  t.match(weir(cwd, ['issue', '--sub', 'ann']), { code: 1, out: '', err: /^weir: there are no keys in .*keys: / })
  await writeNewKey(join(cwd, 'keys'), 'ES256', Date.now())
  const issued = weir(cwd, ['issue', '--sub', 'ann', '--role', 'clerk', '--scope', 'orders:read', '--ttl', '5m'])
  t.equal(issued.code, 0)
  t.match(issued.out, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  t.match(JSON.parse(issued.err), { msg: 'token issued by command', sub: 'ann', roles: ['clerk'] })
  const inspected = weir(cwd, ['inspect'], issued.out)
  t.match(inspected, {
    code: 0,
    err: '',
    out: /^NOT VERIFIED: .*\n\nHeader\n[\s\S]* {2}typ {2}at\+jwt\n[\s\S]*, in 4 min\n/,
  })
  t.match(JSON.parse(weir(cwd, ['inspect', '--json'], issued.out).out), { verified: false, claims: { sub: 'ann' } })
  const verified = weir(cwd, ['verify'], issued.out)
  t.match(verified, { code: 0, err: '', out: /^valid: signed with the key / })
  const wrong = weir(cwd, ['verify', '--json'], issued.out.replace(/\.[^.]*$/, `.${'A'.repeat(86)}`))
  t.equal(wrong.code, 1)
  t.match(JSON.parse(wrong.out), { valid: false, reason: 'the signature is wrong' })
})

t.test('rotate-keys', async (t) => {
  const cwd = await folder(t, { 'weir.yaml': YAML, 'keys/.keep': '' })
  const dir = join(cwd, 'keys')
  const first = await writeNewKey(dir, 'ES256', Date.now() - 86_400_000)
  const token = weir(cwd, ['issue', '--sub', 'ann']).out
  const { code, out } = weir(cwd, ['rotate-keys', '--json'])
  t.equal(code, 0)
  const { kid, algorithm } = JSON.parse(out)
  t.equal(algorithm, 'ES256')
  t.strictSame(
    readdirSync(dir)
      .filter((name) => name.endsWith('.json'))
      .sort(),
    [`${first.kid}.json`, `${kid}.json`].sort(),
  )
  t.equal(weir(cwd, ['verify'], token).code, 0, 'tokens of the other key stay valid')
})
