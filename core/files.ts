import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** Files that were read, by absolute path, each with a digest of what it held then. */
export type FileDigests = ReadonlyMap<string, string>

export const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64')

/** Reads a file that an option names. Throws in words for the operator. */
export function readNamed(baseDir: string, path: string): { file: string; bytes: Buffer } {
  const file = resolve(baseDir, path)
  try {
    return { file, bytes: readFileSync(file) }
  } catch (cause) {
    throw new Error(`cannot read "${path}" (${(cause as NodeJS.ErrnoException).code})`, { cause })
  }
}

/** Says of files whether they still hold what they held. Looks at each file once. */
export class FileCheck {
  readonly #now = new Map<string, string | undefined>()

  /** True if one of them has other contents now, or can't be read. */
  changed(files: FileDigests): boolean {
    for (const [path, digest] of files) if (this.#digest(path) !== digest) return true
    return false
  }

  #digest(path: string): string | undefined {
    if (!this.#now.has(path)) {
      try {
        this.#now.set(path, digestOf(readFileSync(path)))
      } catch {
        this.#now.set(path, undefined)
      }
    }
    return this.#now.get(path)
  }
}
