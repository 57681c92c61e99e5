import { hash } from 'node:crypto'
import { systemClock } from '../../core/index.ts'
import { BearerMethod } from '../../filters/auth/bearer/bearer-method.ts'
import { Issuer } from '../../filters/auth/bearer/issuer.ts'
import { StaticKeys } from '../../filters/auth/bearer/issuer-keys.ts'
import { ProofCache } from '../../filters/auth/bearer/proof-cache.ts'
import type { Members } from '../../filters/auth/bearer/unverified-token.ts'
import { publicKeys } from '../../filters/auth/bearer/verification-key.ts'
import { publicKey } from './jwt.ts'

const collect = globalThis.gc

/** Bytes that a cache takes for each of so many tokens with the usual claims. They are not signed: only what is kept counts. */
export function memoryOfTokens(count: number): number {
  if (collect === undefined) throw new Error('needs node --expose-gc')
  const [key] = publicKeys(publicKey())
  const issuer = new Issuer(
    {
      issuer: 'https://id.example.com',
      algorithms: ['RS256'],
      audience: undefined,
      clockTolerance: 0,
      requiredClaims: [],
      tokenType: undefined,
      maxAge: undefined,
      claims: [],
      subjectClaim: 'sub',
      rolesClaim: ['roles'],
      scopesClaim: ['scope'],
    },
    new StaticKeys([key!]),
  )
  const method = new BearerMethod({ issuers: [issuer], sources: [], cacheSize: 0 }, systemClock)
  const cache = new ProofCache(method, count)
  const used = (): number => {
    collect({ type: 'major', execution: 'sync' })
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const before = used()
  const now = Date.now()
  const payloadOf = (i: number): string =>
    JSON.stringify({
      iss: 'https://id.example.com',
      sub: hash('sha1', String(i)),
      aud: 'orders',
      iat: Math.floor(now / 1000),
      exp: Math.floor(now / 1000) + 3600,
      scope: 'orders:read orders:write profile',
      roles: ['customer'],
    })
  const tokenOf = (i: number, payload: string): string =>
    `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(payload).toString('base64url')}.${String(i).padStart(342, '0')}`
  for (let i = 0; i < count; i++) {
    const payload = payloadOf(i)
    cache.set(tokenOf(i, payload), issuer.verified(key!, JSON.parse(payload) as Members, now), payload)
  }
  const bytes = used() - before
  for (let i = 0; i < count; i++)
    if (cache.get(tokenOf(i, payloadOf(i)), now) === undefined) throw new Error(`token ${i} is not kept`)
  return bytes / count
}
