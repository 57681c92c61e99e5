// A key of this run and a token that it signs.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

let pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined
const keys = (): NonNullable<typeof pair> => (pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 }))

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
let made: string | undefined

/** RS256, valid for a day, with the usual claims. The same one on every call. */
export function token(): string {
  if (made !== undefined) return made
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: 'https://id.example.com',
    sub: 'bench',
    aud: 'bench',
    iat: now,
    exp: now + 86_400,
    scope: 'read',
  }
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`
  made = `${text}.${sign('sha256', Buffer.from(text), keys().privateKey).toString('base64url')}`
  return made
}

/** PEM. */
export const publicKey = (): string => keys().publicKey.export({ type: 'spki', format: 'pem' }).toString()
