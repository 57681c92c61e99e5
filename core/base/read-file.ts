import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
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

/** Files of a folder at most. */
const MOST_FILES = 1000

/**
 * The names of the files in a folder, as JSON, in the order of their code points. Names that begin with a dot are left out: editors and
 * Kubernetes keep their own there.
 * @throws Error in words for the operator
 */
export function readFolder(folder: string): Buffer {
  let names: string[]
  try {
    names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.name.startsWith('.') || entry.isDirectory() ? [] : [entry.name],
    )
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    const reason =
      code === 'ENOENT' ? 'there is no such folder' : code === 'ENOTDIR' ? 'this is no folder' : REASONS[code]
    throw new Error(reason ?? String(cause), { cause })
  }
  if (names.length > MOST_FILES) throw new Error(`there are more than ${MOST_FILES} files`)
  return Buffer.from(JSON.stringify(names.sort()))
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

/**
 * The names of the files in a folder that an option names.
 * @param given as for `readNamed`, with a slash at the end of a folder
 * @returns `file`: the folder's absolute path, with a slash at its end
 * @throws Error in words for the operator
 */
export function listNamed(
  baseDir: string,
  path: string,
  given?: ReadonlyMap<string, Uint8Array>,
): { file: string; bytes: Buffer; names: string[] } {
  const folder = resolve(baseDir, path)
  const file = `${folder}/`
  try {
    const bytes = Buffer.from(given?.get(file) ?? readFolder(folder))
    return { file, bytes, names: JSON.parse(bytes.toString()) as string[] }
  } catch (cause) {
    throw new Error(`cannot read the folder "${path}": ${(cause as Error).message}`, { cause })
  }
}
