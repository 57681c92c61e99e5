import type { Path } from '../../core/control/config-error.ts'

/** Limits of an entry or a patch: its size in bytes, and its depth. */
export const MAX_ENTRY_SIZE = 64 * 1024
const MAX_DEPTH = 16

/** Data from outside that can't be accepted. */
export class DataError extends Error {
  readonly path: Path

  constructor(path: Path, message: string) {
    super(message)
    this.path = path
  }
}

/** A copy of plain JSON data. Throws a DataError if the data are anything else, too large or too deep. */
export function plainData(value: unknown): unknown {
  let left = MAX_ENTRY_SIZE
  const spend = (size: number, path: Path): void => {
    left -= size
    if (left < 0) throw new DataError(path.slice(0, 1), `larger than ${MAX_ENTRY_SIZE / 1024} KiB`)
  }
  const copy = (from: unknown, path: Path): unknown => {
    if (typeof from === 'string') {
      spend(Buffer.byteLength(from) + 2, path)
      return from
    }
    spend(4, path)
    if (from === null || typeof from === 'boolean') return from
    // Adding 0 turns -0 into 0.
    if (typeof from === 'number' && Number.isFinite(from)) return from + 0
    if (path.length >= MAX_DEPTH) throw new DataError(path.slice(0, 3), `nested more than ${MAX_DEPTH} levels deep`)
    if (Array.isArray(from)) return Array.from(from as unknown[], (item, i) => copy(item, [...path, i]))
    if (typeof from !== 'object' || !isPlain(from)) throw new DataError(path, 'expected plain JSON data')
    const to: Record<string, unknown> = {}
    for (const key of Object.keys(from)) {
      if (key === '__proto__') throw new DataError(path, '"__proto__" is not allowed as a key')
      spend(Buffer.byteLength(key) + 4, path)
      to[key] = copy((from as Record<string, unknown>)[key], [...path, key])
    }
    return to
  }
  return copy(value, [])
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
