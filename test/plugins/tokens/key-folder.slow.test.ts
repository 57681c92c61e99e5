import { chmod, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { TOKEN_ALGORITHMS } from '../../../core/index.ts'
import { readKeys, removeKey, removeLeftOvers, retireKey, writeNewKey } from '../../../plugins/tokens/key-folder.ts'
import { sign, verified } from '../../../plugins/tokens/signing.ts'
import { folder } from './support.ts'

const NOW = Date.UTC(2026, 0, 1)

t.test('a key of each algorithm is written, read, and signs', async (t) => {
  const dir = join(await folder(t), 'deep', 'keys')
  for (const [i, algorithm] of TOKEN_ALGORITHMS.entries()) await writeNewKey(dir, algorithm, NOW + i)
  const keys = await readKeys(dir)
  t.strictSame(
    keys.map(({ algorithm }) => algorithm),
    [...TOKEN_ALGORITHMS],
    'the oldest first',
  )
  t.equal((await stat(dir)).mode & 0o777, 0o700)
  for (const name of await readdir(dir)) t.equal((await stat(join(dir, name))).mode & 0o777, 0o600)
  const claims = { iss: 'i', aud: 'a', sub: 's', jti: 'j', exp: NOW / 1000 + 60 }
  const at = { issuer: 'i', audience: 'a', now: NOW }
  for (const key of keys) {
    const token = await sign(key, claims)
    t.match(await verified(token, (kid) => keys.find((one) => one.kid === kid), at), { sub: 's' }, key.algorithm)
    t.notOk('d' in key.jwk)
    t.match(key.jwk, { kid: key.kid, alg: key.algorithm, use: 'sig' })
    t.equal(await verified(token, () => undefined, at), undefined)
    t.equal(await verified(token, () => keys.find((one) => one !== key), at), undefined)
    t.equal(await verified(token, () => key, { ...at, now: NOW + 60_000 }), undefined, 'over')
    t.equal(await verified(token, () => key, { ...at, audience: 'b' }), undefined)
  }
})

t.test('a file that is cut off or changed anywhere is an error that names it, and stays', async (t) => {
  const dir = join(await folder(t), 'keys')
  const { kid } = await writeNewKey(dir, 'ES256', NOW)
  await writeNewKey(dir, 'ES256', NOW)
  const file = join(dir, `${kid}.json`)
  const bytes = await readFile(file)
  const error = new RegExp(`${kid}\\.json" is no usable key`)
  for (let end = 0; end < bytes.length - 2; end += 3) {
    await writeFile(file, bytes.subarray(0, end))
    await t.rejects(readKeys(dir), error, `${end}`)
    t.ok((await readFile(file)).equals(bytes.subarray(0, end)))
  }
  const document = JSON.parse(bytes.toString()) as Record<string, unknown>
  const other = JSON.parse(
    await readFile(join(dir, (await readdir(dir)).find((name) => !name.startsWith(kid))!), 'utf8'),
  )
  const wrong: [RegExp, object][] = [
    [/do not belong together|no private key/, { ...document, d: (other as { d: string }).d }],
    [/"kid" is not/, { ...document, kid: 'another' }],
    [/no private JWK/, { ...document, d: undefined }],
    [/no key for ES384/, { ...document, alg: 'ES384' }],
    [/no key for RS256/, { ...document, alg: 'RS256' }],
    [/"alg" is none/, { ...document, alg: 'none' }],
    [/needs a JWK of type "oct"/, { ...document, alg: 'HS256' }],
    [/"created_at"/, { ...document, created_at: 'now' }],
    [/has 3 bytes/, { kty: 'oct', k: 'AAAA', alg: 'HS256' }],
    [/private JWK was expected/, []],
  ]
  for (const [message, value] of wrong) {
    await writeFile(file, JSON.stringify(value))
    const thrown = await readKeys(dir).then(String, String)
    t.match(thrown, message)
    t.match(thrown, file)
    t.notMatch(thrown, String(document.d), 'without the key')
  }
})

t.test('files that others can read, and folders that others can write to', async (t) => {
  const dir = join(await folder(t), 'keys')
  const { kid } = await writeNewKey(dir, 'EdDSA', NOW)
  const file = join(dir, `${kid}.json`)
  await chmod(file, 0o644)
  await t.rejects(readKeys(dir), /chmod 600/)
  await chmod(file, 0o640)
  const warnings: string[] = []
  t.equal((await readKeys(dir, (text) => warnings.push(text))).length, 1)
  t.match(warnings, [/the group of ".*" can read/])
  await chmod(file, 0o600)
  await chmod(dir, 0o777)
  await t.rejects(readKeys(dir), /chmod 700/)
  await t.rejects(readKeys(join(dir, 'none')), /cannot read the folder/)
  await t.rejects(readKeys(file), /no folder/)
  await t.rejects(writeNewKey(file, 'ES256', NOW), /cannot write a new key into/)
})

t.test('a key of the operator: links are followed, other files are none', async (t) => {
  const root = await folder(t)
  const [dir, kept] = [join(root, 'keys'), join(root, 'kept')]
  const { kid } = await writeNewKey(kept, 'ES256', NOW)
  const { created_at: _, kid: __, ...jwk } = JSON.parse(await readFile(join(kept, `${kid}.json`), 'utf8'))
  await writeFile(join(kept, 'data'), JSON.stringify(jwk), { mode: 0o600 })
  await mkdir(dir, { mode: 0o700 })
  await symlink('../kept/data', join(dir, 'my-own-signing-key.json'))
  await writeFile(join(dir, 'README.md'), 'notes')
  await writeFile(join(dir, 'short.json'), 'notes')
  const [key, ...others] = await readKeys(dir)
  t.match(key, { kid: 'my-own-signing-key', algorithm: 'ES256' })
  t.ok(key!.createdAt > NOW, 'the time of the file')
  t.equal(others.length, 0)
})

t.test('retiring is kept in the file; removing removes; what a dead process left is removed', async (t) => {
  const dir = join(await folder(t), 'keys')
  const key = await writeNewKey(dir, 'ES256', NOW)
  t.equal((await retireKey(dir, key, NOW + 5)).retiresAt, NOW + 5)
  t.match(await readKeys(dir), [{ kid: key.kid, createdAt: NOW, retiresAt: NOW + 5, jwk: key.jwk }])
  t.equal((await readdir(dir)).length, 1)
  const left = join(dir, `.${key.kid}.json.0123456789ab.tmp`)
  await writeFile(left, 'half')
  await utimes(left, NOW / 1000, NOW / 1000)
  await removeLeftOvers(dir, NOW + 59_000)
  t.equal((await readdir(dir)).length, 2)
  await removeLeftOvers(dir, NOW + 61_000)
  t.equal((await readdir(dir)).length, 1)
  await removeKey(dir, key.kid)
  await removeKey(dir, key.kid)
  t.strictSame(await readKeys(dir), [])
})
