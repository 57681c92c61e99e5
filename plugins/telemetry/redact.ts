import type { Target } from '../../core/index.ts'

/** Query keys, in any case, whose values never reach a span. The first four: HTTP semantic conventions, `url.full`. */
export const SECRET_QUERY_KEYS = [
  'awsaccesskeyid',
  'signature',
  'sig',
  'x-goog-signature',
  'x-amz-signature',
  'x-amz-credential',
  'x-amz-security-token',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'api_key',
  'apikey',
  'api-key',
  'key',
  'password',
  'passwd',
  'pwd',
  'secret',
  'client_secret',
  'auth',
  'authorization',
  'code',
  'jwt',
  'session',
] as const

/** Longest part of path and of query that reaches a span, in characters. */
const LIMIT = 2048

/**
 * `url.full` of an attempt, with credentials and the values of secret query keys replaced by `REDACTED`.
 * @param path path behind the target's base path
 * @param query with its `?`, or empty
 * @param secrets keys in lower case
 */
export function redactedUrl(target: Target, path: string, query: string, secrets: ReadonlySet<string>): string {
  const origin = target.origin.includes('@')
    ? target.origin.replace(/\/\/[^/]*@/, '//REDACTED:REDACTED@')
    : target.origin
  return origin + target.basePath + path.slice(0, LIMIT) + redactedQuery(query, secrets)
}

/**
 * A query with the values of secret keys replaced.
 * @param query with its `?`, or empty
 */
export function redactedQuery(query: string, secrets: ReadonlySet<string>): string {
  if (query === '') return query
  return query
    .slice(0, LIMIT)
    .replace(PAIR, (pair, separator: string, key: string, value: string) =>
      value !== '' && secrets.has(plain(key)) ? `${separator}${key}=REDACTED` : pair,
    )
}

/**
 * One key and its value. `;` separates too: some servers read it so. A `?` behind the first is part of a key or value; as a
 * separator it would make the search quadratic (2 ms for 2,048 of them).
 */
const PAIR = /(^\?|[&;])([^=&;]*)=([^&;]*)/g

function plain(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' ')).trim().toLowerCase()
  } catch {
    return key.toLowerCase()
  }
}
