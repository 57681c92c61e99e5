import type { HeaderList } from './header-list.ts'
import type { Response } from './reply.ts'

/** Names of header fields, as they were written, that were set or removed. */
export interface ChangedFields {
  readonly request: { readonly set: Set<string>; readonly removed: Set<string> }
  readonly response: { readonly set: Set<string>; readonly removed: Set<string> }
}

/** The parts of an exchange that have header fields. */
export interface WithFields {
  readonly request: { readonly headers: HeaderList }
  readonly response: Response | undefined
}

interface Changing {
  changes: ChangedFields | undefined
}

const EMPTY: readonly string[] = []

/** Finds who changes which header fields of an exchange, by looking whenever somebody else begins to work. */
export class FieldChanges {
  readonly #x: WithFields
  #request: readonly string[]
  #response: readonly string[] = EMPTY
  #of: Response | undefined

  constructor(x: WithFields) {
    this.#x = x
    this.#request = [...x.request.headers.raw]
  }

  /** What has changed since the last look was changed by `who`; undefined: by no filter. */
  look(who: Changing | undefined): void {
    const { request, response } = this.#x
    this.#request = compared(this.#request, request.headers.raw, who, 'request')
    if (response === undefined) return
    // Another response is no change of the one before.
    const before = response === this.#of ? this.#response : [...response.headers.raw]
    this.#of = response
    this.#response = compared(before, response.headers.raw, who, 'response')
  }
}

function compared(
  before: readonly string[],
  now: readonly string[],
  who: Changing | undefined,
  of: 'request' | 'response',
): readonly string[] {
  if (before.length === now.length && before.every((text, i) => text === now[i])) return before
  if (who !== undefined) {
    who.changes ??= {
      request: { set: new Set(), removed: new Set() },
      response: { set: new Set(), removed: new Set() },
    }
    const { set, removed } = who.changes[of]
    const [old, made] = [valuesOf(before), valuesOf(now)]
    for (const [key, { name, values }] of made) if (old.get(key)?.values !== values) set.add(name)
    for (const [key, { name }] of old) if (!made.has(key)) removed.add(name)
  }
  return [...now]
}

function valuesOf(raw: readonly string[]): ReadonlyMap<string, { readonly name: string; readonly values: string }> {
  const all = new Map<string, { name: string; values: string }>()
  for (let i = 0; i < raw.length; i += 2) {
    const key = raw[i]!.toLowerCase()
    const known = all.get(key)
    if (known === undefined) all.set(key, { name: raw[i]!, values: raw[i + 1]! })
    else known.values += `\n${raw[i + 1]!}`
  }
  return all
}
