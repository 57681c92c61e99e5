import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'

/** Files that were read, by absolute path, each with a digest of what it held then. */
export type FileDigests = ReadonlyMap<string, string>

export const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64')

const MIB = 1024 ** 2

/**
 * The bytes of an ordinary file. Throws in words for the operator; a pipe, which could hold the process for ever, is refused.
 * @param limit MiB
 */
export function readOrdinaryFile(file: string, limit = 10): Buffer {
  let fd: number
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    throw new Error(REASONS[(cause as NodeJS.ErrnoException).code ?? ''] ?? String(cause), { cause })
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw new Error('this is no ordinary file')
    if (stat.size > limit * MIB) throw new Error(`the file is larger than ${limit} MiB`)
    const bytes = Buffer.alloc(stat.size)
    return bytes.subarray(0, readSync(fd, bytes))
  } finally {
    closeSync(fd)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to read the file',
  ENOTDIR: 'a part of the path is a file, not a folder',
}

/** Reads a file that an option names. Throws in words for the operator. */
export function readNamed(baseDir: string, path: string): { file: string; bytes: Buffer } {
  const file = resolve(baseDir, path)
  try {
    return { file, bytes: readOrdinaryFile(file) }
  } catch (cause) {
    throw new Error(`cannot read "${path}": ${(cause as Error).message}`, { cause })
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
        this.#now.set(path, digestOf(readOrdinaryFile(path)))
      } catch {
        this.#now.set(path, undefined)
      }
    }
    return this.#now.get(path)
  }
}
