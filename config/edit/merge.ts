import { isDeepStrictEqual } from 'node:util'
import { isMasked } from '../../core/base/masking.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { ConfigDocument } from '../document/config-document.ts'
import { isMapping, type Mapping } from '../document/plain-data.ts'
import { hasReference } from '../document/shown-reference.ts'
import { shown } from '../read/shown-value.ts'
import { DataError } from './given-data.ts'
import { Written } from './render.ts'
import type { KeyEdit } from './splice.ts'

/** Each edit parses the text again. */
const MAX_EDITS = 200

export interface Merged {
  /** The changes of the text, by paths within the entry. */
  readonly edits: readonly KeyEdit[]
  /** The entry after the change. */
  readonly result: Mapping
}

/**
 * Applies a patch to an entry (RFC 7396). A value that equals the shown one stays as it is written, so that masked secrets
 * and references may be read and sent back.
 * @param entry as it was read, references replaced
 * @param at the path of the entry
 */
export function mergePatch(entry: Mapping, patch: Mapping, at: Path, document: ConfigDocument): Merged {
  const edits: KeyEdit[] = []
  const merge = (raw: Mapping, change: Mapping, path: Path): Mapping => {
    const result: Record<string, unknown> = { ...raw }
    for (const [key, value] of Object.entries(change)) {
      const here = [...path, key]
      const known = Object.hasOwn(raw, key)
      const before = known ? shown(key, raw[key], [...at, ...here], document) : undefined
      if (value === null) {
        if (known) edits.push({ path: here })
        delete result[key]
      } else if (known && isDeepStrictEqual(before, value)) continue
      else if (isMapping(value) && known && isMapping(raw[key])) result[key] = merge(raw[key], value, here)
      else {
        const { out, result: merged } = take(withoutNulls(value), raw[key], before, [...at, ...here], document)
        edits.push({ path: here, value: out })
        result[key] = merged
      }
      if (edits.length > MAX_EDITS) throw new DataError([], `more than ${MAX_EDITS} changes at once`)
    }
    return result
  }
  const result = merge(entry, patch, [])
  return { edits, result }
}

/** A value to write, and what it means. Parts that equal the shown value stay as they are written. */
function take(
  value: unknown,
  raw: unknown,
  before: unknown,
  at: Path,
  document: ConfigDocument,
): { out: unknown; result: unknown } {
  if (before !== undefined && isDeepStrictEqual(value, before))
    return { out: asWritten(raw, at, document), result: raw }
  if (Array.isArray(value)) {
    const [olds, shows] = Array.isArray(raw) && Array.isArray(before) ? [raw, before] : [[], []]
    const items = value.map((item, i) => {
      const same = shows.findIndex((old) => isDeepStrictEqual(old, item))
      const j = isDeepStrictEqual(shows[i], item) || same === -1 ? i : same
      return take(item, olds[j], shows[j], [...at, j], document)
    })
    return { out: items.map(({ out }) => out), result: items.map(({ result }) => result) }
  }
  if (isMapping(value)) {
    const [old, show] = isMapping(raw) && isMapping(before) ? [raw, before] : [{}, {}]
    const own = (from: Mapping, key: string): unknown => (Object.hasOwn(from, key) ? from[key] : undefined)
    const items = Object.entries(value).map(
      ([key, item]) => [key, take(item, own(old, key), own(show, key), [...at, key], document)] as const,
    )
    return {
      out: Object.fromEntries(items.map(([key, { out }]) => [key, out])),
      result: Object.fromEntries(items.map(([key, { result }]) => [key, result])),
    }
  }
  refuseMasked(value)
  return { out: value, result: value }
}

/** Throws if a value is only what is shown in place of a secret. */
export function refuseMasked(value: unknown): void {
  if (typeof value === 'string' && isMasked(value))
    throw new DataError([], 'this is a masked secret: give the secret itself, or leave it out')
  if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) refuseMasked(item)
}

function asWritten(raw: unknown, at: Path, document: ConfigDocument): unknown {
  if (Array.isArray(raw)) return raw.map((item, i) => asWritten(item, [...at, i], document))
  if (isMapping(raw))
    return Object.fromEntries(Object.entries(raw).map(([key, item]) => [key, asWritten(item, [...at, key], document)]))
  const text = document.scalar(at)
  return text !== undefined && hasReference(text) ? new Written(text, typeof raw !== 'string') : raw
}

function withoutNulls(value: unknown): unknown {
  if (!isMapping(value)) return value
  const kept = Object.entries(value).filter(([, item]) => item !== null)
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item)]))
}
