import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import {
  access,
  constants,
  type FileHandle,
  open,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ConfigError } from '../../core/control/config-error.ts'

/**
 * Replaces a file by renaming, so that nobody ever reads half of it. A symbolic link stays: the file that it points to is
 * replaced. Mode and owner stay. Returns false and changes nothing if the contents of the file are not `before` any more.
 * Throws a ConfigError that says why the file can't be replaced.
 */
export async function replaceFile(name: string, bytes: Buffer, before: Buffer): Promise<boolean> {
  try {
    await refuseMounted(name)
    const file = await realpath(name)
    const stats = await stat(file)
    if (!stats.isFile()) return refuse("this is not a regular file: it can't be written")
    // The superuser could write it. But whoever made it read-only did so on purpose.
    if ((stats.mode & 0o222) === 0) return refuse('the file is read-only')
    await access(file, constants.W_OK)
    return await swap(file, stats, bytes, before)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const code = (error as NodeJS.ErrnoException).code ?? ''
    return refuse(REASONS[code] ?? `the file can't be written: ${(error as Error).message}`)
  }
}

async function swap(file: string, stats: Stats, bytes: Buffer, before: Buffer): Promise<boolean> {
  // Patterns of `include` match neither hidden files nor this ending.
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`)
  const handle = await open(temporary, 'wx', 0o600)
  try {
    try {
      await fill(handle, stats, bytes)
    } finally {
      await handle.close()
    }
    // As late as possible: what others write between this and the renaming is lost.
    if (!(await readFile(file)).equals(before)) return false
    await rename(temporary, file)
  } finally {
    await rm(temporary, { force: true })
  }
  await syncFolder(dirname(file))
  return true
}

async function fill(handle: FileHandle, { uid, gid, mode }: Stats, bytes: Buffer): Promise<void> {
  await handle.writeFile(bytes)
  const own = await handle.stat()
  // Only the superuser may change the owner. A file owned by Weir is better than none.
  if (own.uid !== uid || own.gid !== gid) await handle.chown(uid, gid).catch(() => {})
  await handle.chmod(mode & 0o7777)
  await handle.sync()
}

/** Without it a crash of the machine can undo the renaming. Not every system supports it; the file is complete either way. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY).catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

/** The kubelet would overwrite the file with its own text soon. */
async function refuseMounted(name: string): Promise<void> {
  const link = await readlink(name).catch(() => '')
  if (link.split('/').includes('..data'))
    refuse('the file is mounted from a ConfigMap or Secret of Kubernetes: change it there')
}

function refuse(message: string): never {
  throw new ConfigError([{ path: [], message }])
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to write the file, or its folder',
  EPERM: 'no permission to write the file, or its folder',
  EROFS: 'the file system is read-only',
  EBUSY: "the file is mounted by itself and can't be replaced: mount its folder",
  EXDEV: "the file is mounted by itself and can't be replaced: mount its folder",
  ENOSPC: 'there is no space left where the file is',
}
