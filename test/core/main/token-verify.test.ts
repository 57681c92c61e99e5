import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import t from 'tap'
import type { TokenSettings } from '../../../core/control/tokens.ts'
import { issueToken } from '../../../core/main/token-issue.ts'
import { verifyToken } from '../../../core/main/token-verify.ts'
import { unverified } from '../../../filters/auth/bearer/unverified-token.ts'
import { frameBytes } from '../../../plugins/tokens/log-frames.ts'
import type { TokenRecord } from '../../../plugins/tokens/records.ts'
import { folder } from '../../support/process.ts'
import { NOW, withKeys } from './token-support.ts'

const issued = async (settings: TokenSettings): Promise<string> => {
  const options = { subject: 'ann', roles: ['clerk'], scopes: [], ttlMs: undefined }
  return String((await issueToken(settings, options, NOW, () => {})).data?.token)
}
const verdict = (settings: TokenSettings, token: string, now = NOW) =>
  verifyToken(settings, { ...unverified(token)!, token }, now)

t.test('a token of the gateway', async (t) => {
  for (const algorithm of ['ES256', 'HS512', 'EdDSA', 'PS256'] as const) {
    const { settings, kids } = await withKeys(await folder(t), [NOW - 86_400_000, NOW], algorithm)
    const { text, data, failed } = await verdict(settings, await issued(settings))
    t.equal(failed, undefined, algorithm)
    t.match(
      text,
      `valid: signed with the key ${kids[0]}, expires 2027-01-31T10:15:00Z, in 15 min\nrevocation: not looked up`,
    )
    t.match(data, { valid: true, revocation: /^not looked up/, claims: { sub: 'ann', roles: ['clerk'] } })
  }
})

t.test('what is not valid, and why', async (t) => {
  const { settings } = await withKeys(await folder(t))
  const other = await withKeys(await folder(t))
  const token = await issued(settings)
  const [head = '', body = '', signature = ''] = token.split('.')
  const changed = (part: string, change: Record<string, unknown>): string =>
    Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(part, 'base64url').toString()), ...change })).toString(
      'base64url',
    )
  const cases: [what: string, token: string, reason: RegExp][] = [
    ['another key', await issued(other.settings), /^its key \(kid\) is not in keys_dir/],
    ['other claims', `${head}.${changed(body, { sub: 'eve' })}.${signature}`, /^the signature is wrong/],
    ['no key', `${changed(head, { kid: undefined })}.${body}.${signature}`, /^its header names no key/],
    ['another algorithm', `${changed(head, { alg: 'HS256' })}.${body}.${signature}`, /^its algorithm \(alg\)/],
    ['none', `${changed(head, { alg: 'none' })}.${body}.${signature}`, /^its algorithm \(alg\)/],
    [
      'another issuer',
      `${head}.${changed(body, { iss: 'https://x' })}.${signature}`,
      /^its issuer \(iss\) is not https:/,
    ],
  ]
  for (const [what, given, reason] of cases) {
    const { text, data, failed } = await verdict(settings, given)
    t.equal(failed, true, what)
    t.match(data, { valid: false, reason }, what)
    t.match(text, /^not valid: /, what)
  }
  t.match(await verdict(settings, token, NOW + 906_000), { failed: true, data: { reason: /^it has expired/ } })
  t.match(await verdict({ ...settings, audience: 'other' }, token), { failed: true, data: { reason: /^aud, typ/ } })
})

t.test('what the state file says was revoked', async (t) => {
  const { settings } = await withKeys(await folder(t))
  const token = await issued(settings)
  const { jti } = unverified(token)!.claims
  const until = NOW + 1_500_000
  const write = (...frames: readonly TokenRecord[][]): void =>
    writeFileSync(
      settings.stateFile,
      Buffer.concat(frames.map((records, sequence) => frameBytes({ sequence, at: NOW, records }))),
    )
  const head: TokenRecord = { t: 'head', version: 1, secret: 'x' }
  write([head])
  t.match(await verdict(settings, token), { data: { valid: true, revocation: /^looked up in .*tokens\.state$/ } })
  write([head], [{ t: 'jti', id: String(jti), subject: 'ann', until }])
  t.match(await verdict(settings, token), { failed: true, data: { valid: false, reason: 'it was revoked' } })
  appendFileSync(settings.stateFile, 'W1 2 99 torn')
  t.match(await verdict(settings, token), { failed: true }, 'what a gateway was just writing')
  writeFileSync(settings.stateFile, 'something else')
  t.match(await verdict(settings, token), { data: { valid: true, revocation: /^not looked up: .*something else$/ } })
})

t.test('a removed key', async (t) => {
  const { settings } = await withKeys(await folder(t))
  const token = await issued(settings)
  rmSync(settings.keysDir, { recursive: true })
  await t.rejects(verdict(settings, token), { message: /^there are no keys in / })
})
