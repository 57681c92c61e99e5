import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { dispatch } from '../../../config/commands/dispatch.ts'
import { keysCommand } from '../../../core/main/keys-command.ts'
import { HOST } from '../../../core/main/run-command.ts'
import { apiKeysOptions } from '../../../filters/auth/api-key/api-keys-options.ts'
import { loadApiKeys } from '../../../filters/auth/api-key/load-api-keys.ts'
import { folder } from '../../support/process.ts'

const SECRET = 'a secret of the gateway with 32 bytes or more'

async function keys(...args: string[]) {
  let out = ''
  let err = ''
  const code = await dispatch(['keys', ...args], [keysCommand], HOST, {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    style: { colour: false, excerpts: false },
  })
  return { code, out, err }
}

/** The key of a text, and its entry as a gateway would load it. */
async function found(out: string, secret?: string) {
  const [, key = ''] = /^ {2}(weir_\w{43})$/m.exec(out) ?? []
  const text = out.slice(out.indexOf('\n- ') + 1)
  const options = apiKeysOptions.parse({ keys: parse(text) })
  const all = await loadApiKeys(options, { lists: [], secret: secret === undefined ? undefined : Buffer.from(secret) })
  return { key, text, loaded: all.find(key) }
}

t.test('new prints a key and the entry that makes it valid', async (t) => {
  const { code, out, err } = await keys('new')
  t.strictSame([code, err], [0, ''])
  const { key, text, loaded } = await found(out)
  t.match(loaded?.id, /^key-\w{8}$/)
  t.match(text, /^- id: key-\w+\n {2}hash: sha256:[\w-]{43}\n$/)
  t.notMatch(text, key)
  t.not((await found((await keys('new')).out)).key, key)
})

t.test('new takes all that an entry has', async (t) => {
  const options = [
    '--id',
    'billing',
    '--owner',
    'yes: "B" team',
    '--role',
    'clerk',
    '--role',
    '7',
    '--scope',
    'orders:read',
  ]
  const { out } = await keys('new', ...options, '--endpoint', 'v1/orders', '--expires', '2027-01-31')
  const { loaded } = await found(out)
  t.match(loaded, { id: 'billing', expires: Date.UTC(2027, 0, 31), endpoints: new Set(['v1/orders']) })
  t.match(loaded?.identity, { subject: 'yes: "B" team', roles: ['clerk', '7'], scopes: ['orders:read'] })
})

t.test('new with a secret, and as JSON', async (t) => {
  const dir = await folder(t)
  const file = join(dir, 'secret')
  await writeFile(file, `${SECRET}\n`)
  const { out } = await keys('new', '--secret-file', file)
  t.match((await found(out, SECRET)).text, /hash: hmac-sha256:/)
  t.match((await found(out, SECRET)).loaded?.kind, 'hmac-sha256')
  const json = JSON.parse((await keys('new', '--id', 'a', '--json')).out)
  t.match(json, { key: /^weir_/, entry: { id: 'a', hash: /^sha256:/ }, problems: [] })
  await writeFile(file, 'short')
  t.match(await keys('new', '--secret-file', file), { code: 1, out: '', err: /secret: the secret has 5 bytes/ })
  t.match(await keys('new', '--secret-file', join(dir, 'none')), {
    code: 1,
    err: /--secret-file .*: there is no such file\n$/,
  })
})

t.test('wrong usage', async (t) => {
  const cases: [args: string[], err: RegExp][] = [
    [[], /^weir: new\|hash is missing\n/],
    [['hsh'], /^weir: expected new or hash after "keys"\. Did you mean "hash"\?\n\nUsage: weir keys new\|hash/],
    [['weir_0123456789'], /^weir: expected new or hash after "keys"\.\n/],
    [['new', 'billing'], /^weir: "weir keys new" takes nothing but options: name the key by --id\n/],
    [['new', '--id', 'a b'], /^weir: --id: expected 1 to 64 letters/],
    [['new', '--expires', 'tomorrow'], /^weir: --expires: expected a date such as 2027-01-31/],
    [['new', '--scope', 'a', '--scope', 'b c'], /^weir: --scope: expected a scope/],
    [['new', '--role', ''], /^weir: --role: expected a text that isn't empty/],
    [['hash', 'weir_0123456789'], /^weir: a key on the command line is seen by every user of the machine/],
    [['hash', '--owner', 'x'], /^weir: --owner is an option of "weir keys new"\n/],
  ]
  for (const [args, err] of cases) {
    const said = await keys(...args)
    t.strictSame([said.code, said.out], [2, ''], args.join(' '))
    t.match(said.err, err, args.join(' '))
    t.notMatch(said.err, /weir_/, 'and repeats no key')
  }
})

t.test('help', async (t) => {
  const { code, out } = await keys('--help')
  t.equal(code, 0)
  t.match(
    out,
    /^Usage: weir keys new\|hash \[-\] \[options\]\n[\s\S]*--secret-file FILE[\s\S]*\nExamples:\n {2}weir keys new/,
  )
  t.ok(out.split('\n').every((line) => line.length <= 120))
})
