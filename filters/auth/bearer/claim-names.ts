import type { Members } from './unverified-token.ts'

/**
 * A claim by its whole name, which may have dots (`https://example.com/roles`), or else by a dotted path (`realm_access.roles`). A name within a
 * path may have dots, too (`resource_access.my.shop.roles`): the longest that leads to a value counts. Own members only: `__proto__` names nothing.
 */
export function claimAt(claims: Members, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  for (let dot = path.lastIndexOf('.'); dot !== -1; dot = dot === 0 ? -1 : path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot)
    const inner = Object.hasOwn(claims, name) ? claims[name] : undefined
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) continue
    const value = claimAt(inner as Members, path.slice(dot + 1))
    if (value !== undefined) return value
  }
  return undefined
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
