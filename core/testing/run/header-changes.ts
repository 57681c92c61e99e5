import type { HeaderList } from '../../api/header-list.ts'

/** A field's value, or its values where it is repeated. */
export type FieldValue = string | readonly string[]

/** What became of the fields of a head. Names are in lower case. */
export interface HeaderChanges {
  readonly added: Readonly<Record<string, FieldValue>>
  readonly changed: Readonly<Record<string, { readonly from: FieldValue; readonly to: FieldValue }>>
  readonly removed: Readonly<Record<string, FieldValue>>
}

/** Compares two heads. @param before undefined: there was none, so that every field was added */
export function headerChanges(before: HeaderList | undefined, after: HeaderList | undefined): HeaderChanges {
  const [old, now] = [valuesOf(before), valuesOf(after)]
  const added: Record<string, FieldValue> = {}
  const changed: Record<string, { from: FieldValue; to: FieldValue }> = {}
  const removed: Record<string, FieldValue> = {}
  for (const [name, value] of now) {
    const from = old.get(name)
    if (from === undefined) added[name] = value
    else if (JSON.stringify(from) !== JSON.stringify(value)) changed[name] = { from, to: value }
  }
  for (const [name, value] of old) if (!now.has(name)) removed[name] = value
  return { added, changed, removed }
}

function valuesOf(headers: HeaderList | undefined): Map<string, FieldValue> {
  const values = new Map<string, FieldValue>()
  for (const [name] of headers ?? []) {
    const all = headers!.all(name)
    values.set(name.toLowerCase(), all.length === 1 ? all[0]! : all)
  }
  return values
}
