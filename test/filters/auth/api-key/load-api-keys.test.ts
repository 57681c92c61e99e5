import t from 'tap'
import { hashText, secretOf } from '../../../../filters/auth/api-key/key-hash.ts'
import { fingerprint, readKeyFiles } from '../../../../filters/auth/api-key/load-api-keys.ts'
import { folder, KEY, load, loadText, OTHER_KEY, optionsOf, SECRET, sha256 } from './support.ts'

const HASH = sha256(KEY)
const OTHER = sha256(OTHER_KEY)
const message = async (loading: Promise<unknown>): Promise<string> =>
  ((await loading.catch((error: unknown) => error)) as Error).message

t.test('keys of files and of the configuration', async (t) => {
  const keyed = hashText('weir_keyed-with-a-secret', secretOf(Buffer.from(SECRET)))
  const keys = await load(
    {
      file: ['a.yaml', 'b.yaml'],
      keys: [{ id: 'inline', hash: sha256('weir_inline-key') }],
      secret_file: 'secret',
    },
    {
      'a.yaml': `- { id: a, hash: "${HASH}", roles: [clerk] }\n`,
      'b.yaml': `keys:\n  - id: b\n    hash: ${OTHER}\n  - id: c\n    hash: ${keyed}\n`,
      secret: SECRET,
    },
  )
  t.equal(keys.size, 4)
  t.strictSame(keys.find(KEY)?.identity.roles, ['clerk'])
  t.equal(keys.find(OTHER_KEY)?.id, 'b')
  t.equal(keys.find('weir_keyed-with-a-secret')?.id, 'c')
  t.equal(keys.find('weir_inline-key')?.id, 'inline')
  t.equal((await loadText('[]')).size, 0)
})

t.test('mistakes in an entry: where, and how to mend it', async (t) => {
  const hash = `hash: "${HASH}"`
  const plain = `a key itself must not stand here`
  const text = 'expected a text (in quotes if it is a number, or true or false)'
  const cases: [entry: string, problem: string][] = [
    [KEY, `expected a mapping with "id" and "hash"; ${plain}`],
    ['[a]', `expected a mapping with "id" and "hash"; ${plain}`],
    ['~', `expected a mapping with "id" and "hash"; ${plain}`],
    [`{ ${hash} }`, '"id" is missing'],
    ['{ id: b }', '"hash" is missing'],
    [`{ id: 7, ${hash} }`, `id: ${text}`],
    [`{ id: "a b", ${hash} }`, 'id: expected 1 to 64 letters, digits, ".", "_" and "-"'],
    [`{ id: ${'x'.repeat(65)}, ${hash} }`, 'id: expected 1 to 64 letters, digits, ".", "_" and "-"'],
    [
      `{ id: b, hash: ${KEY} }`,
      'hash: expected sha256:… or hmac-sha256:…, as "weir keys hash" prints it for a key. A key itself must not stand here',
    ],
    [`{ id: b, key: ${KEY}, ${hash} }`, `"key": ${plain}. Set "hash" to what "weir keys hash" prints for it`],
    [`{ id: b, ${hash}, role: [x] }`, 'unknown name "role". Did you mean "roles"?'],
    [`{ id: b, ${hash}, ${KEY}: x }`, 'an unknown name'],
    [`{ id: b, ${hash}, __proto__: { disabled: true } }`, 'unknown name "__proto__".'],
    [`{ id: b, ${hash}, owner: "" }`, "owner: expected a text that isn't empty"],
    [`{ id: b, ${hash}, owner: 7 }`, `owner: ${text}`],
    [`{ id: b, ${hash}, owner: ${'x'.repeat(257)} }`, 'owner: expected at most 256 characters'],
    [`{ id: b, ${hash}, roles: clerk }`, 'roles: expected a list of texts'],
    [`{ id: b, ${hash}, roles: [clerk, 7] }`, `roles[1]: ${text}`],
    [`{ id: b, ${hash}, scopes: ["a b"] }`, 'scopes[0]: expected a scope (RFC 6749 §3.3)'],
    [
      `{ id: b, ${hash}, endpoints: [] }`,
      'endpoints: expected at least one endpoint; leave "endpoints" out for all of them',
    ],
    [`{ id: b, ${hash}, disabled: "yes" }`, 'disabled: expected true or false'],
    [`{ id: b, hash: "hmac-${HASH}" }`, 'a hash of hmac-sha256 needs its secret: set api_keys.secret_file'],
    [`{ id: b, id: c, ${hash} }`, '"id" is repeated'],
    [`{ id: a, ${hash} }`, 'the id "a" is that of keys.yaml:1 too: give each key its own'],
    [`{ id: b, hash: "${OTHER}" }`, 'the hash is that of keys.yaml:1 too: a key has one entry, remove the other'],
  ]
  for (const [entry, problem] of cases) {
    const said = await message(loadText(`- { id: a, hash: "${OTHER}" }\n\n- ${entry}\n`))
    t.equal(said, `keys.yaml:3: ${problem}`)
    t.notMatch(said, new RegExp(`${KEY}|${HASH}|${OTHER}`), 'a key or hash is not repeated')
  }
})

t.test('the time at which a key ends', async (t) => {
  const entry = (expires: string) => `- { id: a, hash: "${HASH}", expires: ${expires} }\n`
  for (const expires of ['2027-01-31', '2028-02-29', '2027-01-31T18:00:00Z', '2027-01-31T18:00:00+01:00'])
    t.equal((await loadText(entry(expires))).size, 1, expires)
  const wrong = [
    '"2027"',
    'tomorrow',
    '31.01.2027',
    '2027-02-29',
    '2027-13-01',
    '2027-01-31T18:00:00',
    '2027-01-31 18:00Z',
    '2027-01-31T18:00+01:00',
    '2027-01-31T24:30:00Z',
    '2027-01-31T18:00:00+25:00',
    '30d',
  ]
  for (const expires of wrong)
    t.equal(
      await message(loadText(entry(expires))),
      'keys.yaml:1: expires: expected a date such as 2027-01-31 (00:00 UTC), or a time with its zone such as 2027-01-31T18:00:00+01:00',
      expires,
    )
})

t.test('places of duplicates in several files and in the configuration', async (t) => {
  const entry = (id: string, hash: string) => ({ id, hash })
  const files = { 'a.yaml': `- { id: a, hash: "${HASH}" }\n`, 'b.yaml': `\n- { id: b, hash: "${HASH}" }\n` }
  t.equal(
    await message(load({ file: ['a.yaml', 'b.yaml'] }, files)),
    'b.yaml:2: the hash is that of a.yaml:1 too: a key has one entry, remove the other',
  )
  t.equal(
    await message(load({ file: 'a.yaml', keys: [entry('x', OTHER), entry('a', OTHER)] }, files)),
    'api_keys.keys[1]: the hash is that of api_keys.keys[0] too: a key has one entry, remove the other; ' +
      'a.yaml:1: the id "a" is that of api_keys.keys[1] too: give each key its own',
  )
  const hex = `sha256:${Buffer.from(HASH.slice(7), 'base64url').toString('hex')}`
  t.match(await message(load({ keys: [entry('x', HASH), entry('y', hex)] })), /the hash is that of/, 'in other letters')
})

t.test('of many mistakes the first are told', async (t) => {
  const said = await message(loadText('- {}\n'.repeat(6)))
  t.match(said, /^keys\.yaml:1: "id" is missing; keys\.yaml:1: "hash" is missing; keys\.yaml:2: .*; and 7 more$/)
})

t.test('files that can not be read, and a secret that is too short', async (t) => {
  t.equal(await message(load({ file: 'none.yaml' })), 'api_keys.file: cannot read "none.yaml": there is no such file')
  t.match(await message(load({ keys: [], secret_file: 'none' })), /^api_keys\.secret_file: cannot read "none"/)
  t.match(
    await message(load({ keys: [], secret_file: 's' }, { s: 'short' })),
    /^api_keys\.secret_file: the secret has 5 bytes and needs at least 32/,
  )
  t.match(
    await message(loadText(`- id: a\n  hash: ${HASH}\n- id: "b`)),
    /^keys\.yaml:3: not valid YAML/,
    'half written',
  )
})

t.test('the fingerprint is another where validity may be', async (t) => {
  const files = {
    'a.yaml': `- { id: a, hash: "${HASH}" }\n`,
    'b.yaml': '[]',
    secret: SECRET,
    copy: SECRET,
    other: `${SECRET}x`,
  }
  const of = (input: unknown, changed: Readonly<Record<string, string>> = {}) => {
    const options = optionsOf(input)
    return fingerprint(options, readKeyFiles(options, folder({ ...files, ...changed })))
  }
  const base = { file: 'a.yaml' }
  t.equal(of(base), of({ file: 'a.yaml', from: [{ header: 'x-api-key' }] }), 'defaults written out')
  const all = [
    of(base),
    of(base, { 'a.yaml': '[]' }),
    of({ ...base, from: [{ header: 'x-key' }] }),
    of({ ...base, from: [{ query: 'x-api-key' }] }),
    of({ ...base, keys: [] }),
    of({ ...base, keys: [{ id: 'b', hash: OTHER }] }),
    of({ ...base, keys: [{ id: 'b', hash: OTHER, disabled: true }] }),
    of({ file: ['a.yaml', 'b.yaml'] }),
    of({ file: ['b.yaml', 'a.yaml'] }),
    of({ ...base, secret_file: 'secret' }),
    of({ ...base, secret_file: 'secret' }, { secret: `${SECRET}x` }),
  ]
  t.equal(new Set(all).size, all.length)
  for (const one of all) t.notMatch(one, HASH.slice(7))
})
