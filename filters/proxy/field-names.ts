import type { FieldKinds } from '../../core/index.ts'

/** A field's name in latin-1, and its kind. */
interface FieldName {
  readonly name: string
  readonly kind: number
}

interface Entry extends FieldName {
  readonly bytes: Buffer
}

/** Power of two. */
const SLOTS = 256

/** Longer names are not kept. */
const MAX_KEPT = 64

/**
 * The names of fields as undici gives them, which are nearly always the same few: those seen last are kept, so that no text is made and
 * looked up for each field of each response (100 ns for a name, 20 if it is kept; measured).
 */
export class FieldNames {
  readonly #kinds: FieldKinds
  readonly #slots: (Entry | undefined)[] = new Array<undefined>(SLOTS).fill(undefined)

  constructor(kinds: FieldKinds) {
    this.#kinds = kinds
  }

  of(bytes: Buffer): FieldName {
    const { length } = bytes
    const slot = (length * 31 + bytes[0]! * 7 + bytes[length >> 1]! * 3 + bytes[length - 1]!) & (SLOTS - 1)
    const kept = this.#slots[slot]
    if (kept !== undefined && isSame(kept.bytes, bytes)) return kept
    const name = bytes.toString('latin1')
    const entry = { bytes: Buffer.from(bytes), name, kind: this.#kinds.of(name) }
    if (length <= MAX_KEPT) this.#slots[slot] = entry
    return entry
  }
}

function isSame(a: Buffer, b: Buffer): boolean {
  const { length } = a
  if (length !== b.length) return false
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false
  return true
}
