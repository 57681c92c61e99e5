import { constants } from 'node:fs'
import { type FileHandle, glob, open } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError } from '../../core/control/config-error.ts'
import type { ConfigInputs, ConfigSource } from '../../core/control/config-source.ts'
import { replaceFile } from './replace-file.ts'
import { stamp, watchFiles } from './watch-files.ts'

/** Bytes of one file. */
export const MAX_FILE_SIZE = 10 * 1024 ** 2

/** How long a pipe may have nothing to say. */
const PIPE_TIMEOUT_MS = 5000

/** Configuration in a file, and the files that it includes. */
export class FileConfigSource implements ConfigSource {
  readonly main: string
  /** What was there when it was last looked at. */
  readonly #seen = new Map<string, string>()

  constructor(file: string) {
    this.main = file
  }

  async read(name: string): Promise<Buffer> {
    let bytes: Buffer
    try {
      // Before it is read: what is written meanwhile is a change.
      this.#seen.set(resolve(name), await stamp(name))
      // Not blocking: a pipe without a writer would hold the load for ever.
      const handle = await open(name, constants.O_RDONLY | constants.O_NONBLOCK)
      try {
        if ((await handle.stat()).isDirectory()) return refuse('this is a folder, not a file')
        bytes = await readUpTo(handle, MAX_FILE_SIZE + 1)
      } finally {
        await handle.close()
      }
    } catch (error) {
      return error instanceof ConfigError
        ? refuse(error.problems[0]!.message)
        : refuse(fileError(error, name === this.main ? '. weir init writes one to start with' : ''))
    }
    if (bytes.length > MAX_FILE_SIZE) return refuse('the file is larger than 10 MiB')
    return bytes
  }

  async expand(pattern: string): Promise<readonly string[]> {
    const cwd = dirname(this.main)
    if (!isPattern(pattern)) return [resolveFrom(cwd, pattern)]
    const found: string[] = []
    try {
      for await (const name of glob(pattern, { cwd })) found.push(resolveFrom(cwd, name))
    } catch (error) {
      return refuse(fileError(error))
    }
    return found.sort()
  }

  watch(uses: ConfigInputs, changed: () => void): Promise<() => Promise<void>> {
    const cwd = resolve(dirname(this.main))
    return watchFiles(
      uses.names.map((name) => resolve(name)),
      uses.patterns.filter(isPattern).map((pattern) => resolve(cwd, pattern)),
      changed,
      this.#seen,
    )
  }

  async write(name: string, bytes: Buffer, before: Buffer): Promise<boolean> {
    if (bytes.length > MAX_FILE_SIZE) return refuse('the file would be larger than 10 MiB')
    return replaceFile(name, bytes, before)
  }
}

const isPattern = (name: string): boolean => /[*?[{]/.test(name)

/** Names stay as short as the main file's own: messages show them. */
const resolveFrom = (folder: string, name: string): string => (name.startsWith('/') ? name : join(folder, name))

function refuse(message: string): never {
  throw new ConfigError([{ path: [], message }])
}

/** Not `readFile`: a pipe or a device has no size to check beforehand. */
async function readUpTo(handle: FileHandle, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  while (length < limit) {
    const { bytesRead, buffer } = await readSoon(handle)
    if (bytesRead === 0) break
    chunks.push(buffer.subarray(0, bytesRead))
    length += bytesRead
  }
  return Buffer.concat(chunks)
}

/** A pipe whose writer has nothing yet is waited for. */
async function readSoon(handle: FileHandle): Promise<{ bytesRead: number; buffer: Buffer }> {
  const late = performance.now() + PIPE_TIMEOUT_MS
  for (;;) {
    try {
      return await handle.read(Buffer.allocUnsafe(65536), 0, 65536, null)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > late) throw error
      await sleep(10)
    }
  }
}

function fileError(error: unknown, hint = ''): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return `there is no such file${hint}`
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read the file'
  if (code === 'EISDIR') return 'this is a folder, not a file'
  if (code === 'ENOTDIR') return 'a part of the path is a file, not a folder'
  return `the file can't be read: ${error instanceof Error ? error.message : String(error)}`
}
