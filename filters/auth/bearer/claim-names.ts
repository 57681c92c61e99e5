import type { Members } from './unverified-token.ts'

/** A claim by its whole name, which may have dots (`https://example.com/roles`), or else by a dotted path (`realm_access.roles`). */
export function claimAt(claims: Members, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let value: unknown = claims
  for (const name of path.split('.')) value = own(value, name)
  return value
}

/** An own member only: `__proto__` and `constructor` name nothing. */
function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, name) ? (value as Members)[name] : undefined
}

/** The words of the claims: texts of lists, and texts, split at spaces if they hold several words. */
export function wordsAt(claims: Members, paths: readonly string[], split: boolean): readonly string[] {
  const words = paths.flatMap((path) => wordsOf(claimAt(claims, path), split))
  return paths.length < 2 ? words : [...new Set(words)]
}

function wordsOf(value: unknown, split: boolean): readonly string[] {
  if (Array.isArray(value)) return value.filter((word): word is string => typeof word === 'string')
  if (typeof value !== 'string') return []
  return split ? value.split(' ').filter((word) => word !== '') : [value]
}
