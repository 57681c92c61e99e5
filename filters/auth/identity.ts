import type { Identity } from '../../core/index.ts'

type Claims = Readonly<Record<string, unknown>>

/** The identity in the claims of a verified token. Deeply frozen: every request with the token shares it. */
export function identityOf(claims: Claims, rolesClaim: string): Identity {
  return deepFreeze({
    subject: typeof claims.sub === 'string' ? claims.sub : undefined,
    scheme: 'bearer',
    roles: words(claimAt(claims, rolesClaim), false),
    scopes: scopesOf(claims),
    claims,
  })
}

/** `scope` (RFC 8693 §4.2), or `scp` as some issuers write it: a list, or a string of words. */
function scopesOf(claims: Claims): readonly string[] {
  return words(Object.hasOwn(claims, 'scope') ? claims.scope : own(claims, 'scp'), true)
}

/** A claim by its whole name, which may have dots (`https://example.com/roles`), or else by a dotted path. */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let value: unknown = claims
  for (const name of path.split('.')) value = own(value, name)
  return value
}

/** An own member only: `__proto__` and `constructor` name nothing. */
function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, name) ? (value as Claims)[name] : undefined
}

function words(value: unknown, split: boolean): readonly string[] {
  if (Array.isArray(value)) return value.filter((word): word is string => typeof word === 'string')
  if (typeof value !== 'string') return []
  return split ? value.split(' ').filter((word) => word !== '') : [value]
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
  return value
}
