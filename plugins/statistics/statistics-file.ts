import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { TimeSlice } from '../../core/index.ts'
import { PackedBytesError, PackedReader, PackedWriter } from './packed-bytes.ts'
import type { StatisticsStore } from './statistics-store.ts'
import { StepLog } from './step-log.ts'

/** Every file begins so; then comes a byte for the version. */
const MARK = Buffer.from('WEIRSTAT')
const VERSION = 1
const CHECK_BYTES = 4
/** What is written at once. */
const PART = 64 * 1024

/** A file that can't be read or written. The message says why, and what to do. */
export class StatisticsFileError extends Error {}

/**
 * Reads a file into a store. A file that is not there is no error.
 * @param maxBytes files that are larger are not read
 * @returns whether it was there
 * @throws StatisticsFileError if it is none, or is broken; nothing is read then
 */
export async function readStatistics(file: string, store: StatisticsStore, maxBytes: number): Promise<boolean> {
  const bytes = await bytesOf(file, maxBytes)
  if (bytes === undefined) return false
  const slice = new TimeSlice()
  try {
    const subjects = await subjectsOf(bytes, slice)
    for (const [i, stepMs] of subjects.steps.entries()) {
      const resolution = store.resolutions.find((known) => known.stepMs === stepMs)
      if (resolution !== undefined) resolution.since = Math.min(resolution.since, subjects.since[i]!)
    }
    for (const [key, logs] of subjects.logs) await store.restore(key, subjects.steps, logs, slice)
  } catch (error) {
    if (!(error instanceof PackedBytesError)) throw error
    throw new StatisticsFileError(`it is broken (${error.message}); the statistics start anew, and replace it`)
  }
  return true
}

async function bytesOf(file: string, maxBytes: number): Promise<Buffer | undefined> {
  try {
    const stats = await stat(file)
    if (!stats.isFile()) throw new StatisticsFileError('it is not a regular file')
    if (stats.size > maxBytes)
      throw new StatisticsFileError('it is larger than "max_memory"; the statistics start anew, and replace it')
    return await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error instanceof StatisticsFileError ? error : new StatisticsFileError((error as Error).message)
  }
}

async function subjectsOf(bytes: Buffer, slice: TimeSlice) {
  if (!bytes.subarray(0, MARK.length).equals(MARK))
    throw new StatisticsFileError('it holds something else and is left alone: name another file')
  if (bytes[MARK.length] !== VERSION)
    throw new StatisticsFileError('another version of Weir wrote it; the statistics start anew, and replace it')
  const end = bytes.length - CHECK_BYTES
  if (end <= MARK.length || bytes.readUInt32BE(end) !== crc32(bytes.subarray(0, end)))
    throw new PackedBytesError('its checksum does not match')
  const reader = new PackedReader(bytes, MARK.length + 1, end)
  const resolutions = Array.from({ length: reader.number() }, () => [reader.number(), reader.number()] as const)
  const logs = new Map<string, readonly StepLog[]>()
  while (!reader.isAtEnd) {
    logs.set(
      reader.text(),
      resolutions.map(() => StepLog.of(reader.block())),
    )
    if (slice.isOver) await slice.yield()
  }
  return { steps: resolutions.map(([step]) => step), since: resolutions.map(([, since]) => since), logs }
}

/**
 * Writes a store to a file that only its owner can read, and which is replaced as a whole.
 * @throws StatisticsFileError if it can't be written; what was there is left as it was
 */
export async function writeStatistics(file: string, store: StatisticsStore): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await refuseOther(file)
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await fill(handle, store)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error instanceof StatisticsFileError ? error : new StatisticsFileError((error as Error).message)
  }
}

/** Nothing that Weir has not written is replaced: the name may be a mistake. */
async function refuseOther(file: string): Promise<void> {
  const stats = await stat(file).catch(() => undefined)
  if (stats === undefined) return
  if (!stats.isFile()) throw new StatisticsFileError('it is not a regular file')
  const handle = await open(file, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(MARK.length), 0, MARK.length, 0)
    if (stats.size > 0 && !buffer.equals(MARK))
      throw new StatisticsFileError('it holds something else and is left alone: name another file')
  } finally {
    await handle.close()
  }
}

/** Each subject is written as it is when its turn comes: counting goes on. */
async function fill(handle: FileHandle, store: StatisticsStore): Promise<void> {
  const part = new PackedWriter()
  let check = 0
  const flush = async (): Promise<void> => {
    const bytes = part.take()
    check = crc32(bytes, check)
    await handle.writeFile(bytes)
  }
  part.raw(MARK)
  part.number(VERSION)
  const resolutions = store.resolutions
  part.number(resolutions.length)
  for (const { stepMs, since } of resolutions) {
    part.number(stepMs)
    part.number(Math.max(0, since))
  }
  for (const key of store.keys()) {
    // The settings may change meanwhile.
    const records = store.resolutions === resolutions ? store.records(key) : undefined
    if (records === undefined) continue
    part.text(key)
    for (const bytes of records) part.block(bytes)
    if (part.length >= PART) await flush()
  }
  await flush()
  const last = Buffer.alloc(CHECK_BYTES)
  last.writeUInt32BE(check)
  await handle.writeFile(last)
}
