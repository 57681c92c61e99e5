import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'

const MIB = 1024 ** 2

/**
 * The bytes of an ordinary file. A pipe is refused: reading it could block the process for ever.
 * @param limit MiB
 * @throws Error in words for the operator
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

/**
 * Reads a file that an option names.
 * @param path absolute, or relative to `baseDir`
 * @param given what files hold, by absolute path, whatever may be in them now
 * @throws Error in words for the operator
 */
export function readNamed(
  baseDir: string,
  path: string,
  given?: ReadonlyMap<string, Uint8Array>,
): { file: string; bytes: Buffer } {
  const file = resolve(baseDir, path)
  const bytes = given?.get(file)
  if (bytes !== undefined) return { file, bytes: Buffer.from(bytes) }
  try {
    return { file, bytes: readOrdinaryFile(file) }
  } catch (cause) {
    throw new Error(`cannot read "${path}": ${(cause as Error).message}`, { cause })
  }
}
