import { chownSync, readFileSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import t from 'tap'
import { issueToken } from '../../../core/main/token-issue.ts'
import { rotateKeys } from '../../../core/main/token-rotate-keys.ts'
import { NOW, settingsOf, withKeys } from './token-support.ts'

t.test('adds a key, and signs with it only when everybody knows it', async (t) => {
  const { settings, kids } = await withKeys(t.testdir({}))
  const [before] = await readdir(settings.keysDir)
  const old = readFileSync(`${settings.keysDir}/${before}`)
  const { data, text } = await rotateKeys(settings, NOW)
  const { kid, file } = data as { readonly kid: string; readonly file: string }
  t.match(text, file)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.equal((await readdir(settings.keysDir)).length, 2)
  t.strictSame(readFileSync(`${settings.keysDir}/${before}`), old, 'nothing of the old one changes')
  const signer = async (now: number): Promise<unknown> =>
    (await issueToken(settings, { subject: 'ann', roles: [], scopes: [], ttlMs: undefined }, now, () => {})).data?.kid
  t.equal(await signer(NOW + 299_000), kids[0])
  t.equal(await signer(NOW + 300_000), kid)
})

t.test('the file belongs to the owner of the folder', { skip: process.getuid?.() !== 0 && 'needs root' }, async (t) => {
  const { settings } = await withKeys(t.testdir({}))
  chownSync(settings.keysDir, 12_345, 12_346)
  const { file } = (await rotateKeys(settings, NOW)).data as { readonly file: string }
  t.match(statSync(file), { uid: 12_345, gid: 12_346 })
})

t.test('where there is no key it makes none: the folder may be the wrong one', async (t) => {
  await t.rejects(rotateKeys(settingsOf(t.testdir({})), NOW), { message: /^there are no keys in / })
  const empty = settingsOf(t.testdir({ keys: {} }))
  await t.rejects(rotateKeys(empty, NOW), { message: /^there are no keys in / })
  t.strictSame(await readdir(empty.keysDir), [])
})
