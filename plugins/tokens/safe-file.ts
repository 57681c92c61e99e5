import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** What is written in place of a file until it is whole: `.<name>.<12 hex digits>.tmp`. */
export const TEMPORARY = /^\..+\.[0-9a-f]{12}\.tmp$/

/**
 * Writes a file that only its owner can read. It is there as a whole or not at all, whenever the process or the machine ends, and it is on
 * the disk when the promise resolves.
 * @param existing what happens to a file of that name: `keep` rejects with EEXIST
 */
export async function writeSafely(
  file: string,
  existing: 'keep' | 'replace',
  fill: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await fill(handle)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (existing === 'keep') await link(temporary, file)
    else await rename(temporary, file)
  } finally {
    await rm(temporary, { force: true }).catch(() => {})
  }
  await syncFolder(dirname(file))
}

/** Makes changes of names in a folder last. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A file with secrets, as it was read. */
export interface SecretFile {
  readonly bytes: Buffer
  /** Milliseconds since the Unix epoch. */
  readonly modifiedAt: number
  /** Whether the file's group can read or change it. */
  readonly openToGroup: boolean
}

/**
 * Reads a file with secrets.
 * @param limit bytes
 * @throws Error for the operator, without the file's name, if it can't be read, is too large, or is open to every user of the machine
 */
export async function readSecretFile(file: string, limit: number): Promise<SecretFile> {
  // Without O_NONBLOCK a pipe would wait for its writer for ever.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new Error('this is no ordinary file')
    if (stats.size > limit) throw new Error(`the file is larger than ${limit} bytes`)
    if ((stats.mode & 0o007) !== 0)
      throw new Error('every user of this machine can read or change the file: run "chmod 600" on it')
    return {
      bytes: await handle.readFile(),
      modifiedAt: Math.floor(stats.mtimeMs),
      openToGroup: (stats.mode & 0o070) !== 0,
    }
  } finally {
    await handle.close()
  }
}

/** Writes all of the bytes at a position: a full disk takes a part of them before it refuses the rest. */
export async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
