import * as z from 'zod'
import type { LocalReply } from '../../../core/index.ts'
import type { Content } from './api-operation.ts'
import { json, problem } from './contents.ts'

const MAX_LIMIT = 1000

/** Query keys of a list, for the schema of its query. */
export const pageKeys = {
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(100).describe('At most so many items.'),
  cursor: z.string().max(1000).optional().describe('`next` of the page before.'),
}

export const pageQuery = z.strictObject(pageKeys)

/** The schema of a page. */
export const pageOf = (item: z.ZodType, name: string) =>
  z
    .strictObject({
      items: z.array(item),
      total: z.int().min(0).describe('Number of items of all pages.'),
      next: z.string().nullable().describe('`cursor` of the next page; null: this is the last.'),
    })
    .meta({ id: `${name}Page` })

/** Where a page ended: what its last item was called, and how many there were up to it. */
const place = z.tuple([z.string(), z.int().min(0)])

/**
 * One page of a list, with a link to the next (RFC 8288). It begins after the item that ended the page before, wherever that is now; if it
 * is gone, where it was.
 * @param keyOf names an item for good
 */
export function page<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
  query: string,
): Content | LocalReply {
  let start = 0
  if (cursor !== undefined) {
    const last = placeIn(cursor)
    if (last === undefined) return problem(400, 'cursor_invalid', 'The cursor is not "next" of an earlier page.')
    const [key, seen] = last
    const at = items.findIndex((item) => keyOf(item) === key)
    start = at === -1 ? Math.max(seen - 1, 0) : at + 1
  }
  const shown = items.slice(start, start + limit)
  const end = start + shown.length
  const final = shown.at(-1)
  const next = end < items.length && final !== undefined ? cursorAt(keyOf(final), end) : null
  const headers = next === null ? {} : { Link: `<${linkTo(next, query)}>; rel="next"` }
  return json(200, { items: shown, total: items.length, next }, { headers })
}

const cursorAt = (key: string, seen: number): string => Buffer.from(JSON.stringify([key, seen])).toString('base64url')

function placeIn(cursor: string): readonly [string, number] | undefined {
  try {
    return place.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString())).data
  } catch {
    return undefined
  }
}

/** Relative to the page, so that it holds under any prefix. */
function linkTo(next: string, query: string): string {
  const keys = new URLSearchParams(query)
  keys.set('cursor', next)
  return `?${keys}`
}
