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
 * Puts `bytes` in the place of a file, by renaming, so that nobody ever sees half of it; a symbolic link stays and what it
 * points to is replaced, with the mode and owner of before. Gives false, and changes nothing, if the file doesn't hold
 * `before` any more. Throws a ConfigError that says why it can't be done.
 */
export async function replaceFile(name: string, bytes: Buffer, before: Buffer): Promise<boolean> {
  try {
    await refuseMounted(name)
    const file = await realpath(name)
    const stats = await stat(file)
    if (!stats.isFile()) return refuse('this is no ordinary file: it is only read')
    // The superuser may write what is read-only; whoever made it so meant it all the same.
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
  // Neither hidden files nor this ending are what patterns of `include` mean.
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`)
  const handle = await open(temporary, 'wx', 0o600)
  try {
    try {
      await fill(handle, stats, bytes)
    } finally {
      await handle.close()
    }
    // As late as can be: between this and the renaming nobody should write.
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
  // Only the superuser may give a file away: it is better owned by Weir than not written.
  if (own.uid !== uid || own.gid !== gid) await handle.chown(uid, gid).catch(() => {})
  await handle.chmod(mode & 0o7777)
  await handle.sync()
}

/** Without it a crash of the machine can undo the renaming. Not every system can; the file is whole either way. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY).catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

/** The kubelet would put its own text back at its next round. */
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
  EBUSY: 'the file is mounted by itself and can not be replaced: mount its folder',
  EXDEV: 'the file is mounted by itself and can not be replaced: mount its folder',
  ENOSPC: 'there is no space left where the file is',
}
