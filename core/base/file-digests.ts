import { createHash } from 'node:crypto'
import { readFolder, readOrdinaryFile } from './read-file.ts'

/** Files that were read, by absolute path, each with a digest of its contents at that time; folders end with a slash. */
export type FileDigests = ReadonlyMap<string, string>

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64')

/** Says whether files have changed. It reads each file once. */
export class FileCheck {
  readonly #now = new Map<string, string | undefined>()

  /** @param given what files hold, by absolute path, whatever may be in them now */
  constructor(given: ReadonlyMap<string, Uint8Array> = new Map()) {
    for (const [path, bytes] of given) this.#now.set(path, digestOf(bytes))
  }

  /** True if the contents of one of them differ from its digest, or if it can't be read. */
  changed(files: FileDigests): boolean {
    for (const [path, digest] of files) if (this.#digest(path) !== digest) return true
    return false
  }

  #digest(path: string): string | undefined {
    if (!this.#now.has(path)) {
      try {
        this.#now.set(path, digestOf(path.endsWith('/') ? readFolder(path) : readOrdinaryFile(path)))
      } catch {
        this.#now.set(path, undefined)
      }
    }
    return this.#now.get(path)
  }
}
