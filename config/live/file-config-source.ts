import { constants } from 'node:fs'
import { type FileHandle, glob, open } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { sleep } from '../../core/base/timer.ts'
import { ConfigError } from '../../core/control/config-error.ts'
import type { ConfigInputs, ConfigSource } from '../../core/control/config-source.ts'
import { replaceFile } from './replace-file.ts'
import { stamp, watchFiles } from './watch-files.ts'

/** Largest size of one file; bytes. */
export const MAX_FILE_SIZE = 10 * 1024 ** 2

/** Longest time to wait for data from a pipe. */
const PIPE_TIMEOUT_MS = 5000

/** A configuration in a file, and in the files that it includes. */
export class FileConfigSource implements ConfigSource {
  readonly main: string
  /** The state of each file when it was last read. */
  readonly #seen = new Map<string, string>()

  constructor(file: string) {
    this.main = file
  }

  async read(name: string): Promise<Buffer> {
    let bytes: Buffer
    try {
      // Taken before reading: what is written during the reading counts as a change.
      this.#seen.set(resolve(name), await stamp(name))
      // Non-blocking: a pipe without a writer would block the load for ever.
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
        : refuse(fileError(error, name === this.main ? '. "weir init" writes one to start with' : ''))
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

  watch(uses: ConfigInputs, changed: () => void, failed?: (error: Error) => void): Promise<() => Promise<void>> {
    const cwd = resolve(dirname(this.main))
    return watchFiles(
      uses.names.map((name) => resolve(name)),
      uses.patterns.filter(isPattern).map((pattern) => resolve(cwd, pattern)),
      changed,
      { seen: this.#seen, ...(failed && { failed }) },
    )
  }

  async write(name: string, bytes: Buffer, before: Buffer): Promise<boolean> {
    if (bytes.length > MAX_FILE_SIZE) return refuse('the file would be larger than 10 MiB')
    return replaceFile(name, bytes, before)
  }
}

const isPattern = (name: string): boolean => /[*?[{]/.test(name)

/** Names stay relative if the main file's is: messages show them. */
const resolveFrom = (folder: string, name: string): string => (name.startsWith('/') ? name : join(folder, name))

function refuse(message: string): never {
  throw new ConfigError([{ path: [], message }])
}

/** `readFile` is no use here: the size of a pipe or a device is not known beforehand. */
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

/** Reads, and waits for a pipe whose writer has no data yet. */
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
