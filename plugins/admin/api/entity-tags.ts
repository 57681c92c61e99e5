import { createHash } from 'node:crypto'
import type { HeaderList, LocalReply } from '../../../core/index.ts'
import type { Call } from './api-operation.ts'
import { problem } from './contents.ts'

/**
 * Entity tags (RFC 9110 §8.8.3) have two parts: the version of the configuration, and a digest of the response. So they are strong where
 * a response shows state too, and a change can demand the version: what does not belong to the configuration is no reason to refuse it.
 */
export const tagOf = (version: string, data: string | Uint8Array): string =>
  `"${version}-${createHash('sha256').update(data).digest('base64url').slice(0, 16)}"`

const TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/y

/** The tags of `If-Match` or `If-None-Match`; undefined if the value is malformed. */
function tagsIn(value: string): { readonly weak: boolean; readonly tag: string }[] | '*' | undefined {
  if (value.trim() === '*') return '*'
  const tags: { weak: boolean; tag: string }[] = []
  for (const part of value.split(/[ \t]*,[ \t]*/)) {
    if (part.trim() === '') continue
    TAG.lastIndex = 0
    const [whole, weak, tag] = TAG.exec(part.trim()) ?? []
    if (whole !== part.trim()) return undefined
    tags.push({ weak: weak !== undefined, tag: tag! })
  }
  return tags.length === 0 ? undefined : tags
}

/** Whether the client has this representation (RFC 9110 §13.1.2, weak comparison). */
export function isKnown(headers: HeaderList, etag: string): boolean {
  const given = headers.joined('if-none-match')
  const tags = given === undefined ? undefined : tagsIn(given)
  return tags === '*' || tags?.some(({ tag }) => `"${tag}"` === etag) === true
}

/**
 * What the conditions of a change demand (RFC 9110 §13.1.1, §13.1.2), or the refusal.
 * @param versionNow of the configuration
 */
export async function demandsOf(
  headers: HeaderList,
  versionNow: () => Promise<string>,
): Promise<Call['only'] | LocalReply> {
  const match = headers.joined('if-match')
  const noneMatch = headers.joined('if-none-match')
  if (noneMatch !== undefined && noneMatch.trim() !== '*')
    return problem(
      400,
      'condition_invalid',
      'The only If-None-Match of a change is "*": there must be no such endpoint.',
    )
  if (match !== undefined && noneMatch !== undefined)
    return problem(400, 'condition_invalid', 'If-Match and If-None-Match exclude each other here.')
  if (match === undefined) return { ifVersion: undefined, exists: noneMatch === undefined ? undefined : false }
  const tags = tagsIn(match)
  if (tags === undefined)
    return problem(
      400,
      'condition_invalid',
      'If-Match must be "*", or entity tags in quotes: those of earlier responses.',
    )
  if (tags === '*') return { ifVersion: undefined, exists: true }
  const version = await versionNow()
  // Strong comparison: a weak tag never matches.
  if (tags.some(({ weak, tag }) => !weak && tag.split('-')[0] === version)) return { ifVersion: version, exists: true }
  return preconditionFailed(`The configuration has version ${version} now: read it again.`)
}

export const preconditionFailed = (detail: string): LocalReply => problem(412, 'precondition_failed', detail)
