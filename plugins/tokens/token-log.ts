import { type FileHandle, open, stat } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { type Clock, type Logger, TimeSlice } from '../../core/index.ts'
import { frameAt, frameBytes, laterFrame } from './log-frames.ts'
import { readSecretFile, writeAll, writeSafely } from './safe-file.ts'

const MIB = 1024 ** 2
/** A larger file is none that a gateway with its bounds has written. */
const LARGEST = 1024 * MIB
/** A smaller file is not worth rewriting. */
const WORTH_REWRITING = MIB
/** A file is rewritten when it is so many times as long as it was after it had been rewritten. */
const GROWTH = 4
/** Records of one frame while a file is rewritten. */
const AT_ONCE = 200
/** After a rewriting has failed, the next one is tried so much later. */
const AGAIN_MS = 1000

/** The log can't take records now. Nothing of them was kept. */
export class LogUnavailable extends Error {}

export interface TokenLogParts<R> {
  readonly file: string
  readonly clock: Clock
  readonly log: Logger
  /** The records that make up the state of now: the file is rewritten with them. Called when no records are under way. */
  live(): Iterable<R>
}

interface Waiting<R> {
  readonly records: readonly R[]
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * A file to which records are appended. What `append` has confirmed is on the disk; what it has refused never comes back.
 */
export class TokenLog<R> {
  readonly #parts: TokenLogParts<R>
  #handle!: FileHandle
  #size = 0
  #sequence = 0
  #rewrittenSize = 0
  #rewriteAt = 0
  /** The file may hold what was refused, or lack what was confirmed: it must be rewritten before anything else. */
  #doubtful = false
  #waiting: Waiting<R>[] = []
  #working: Promise<void> | undefined
  #closed = false

  private constructor(parts: TokenLogParts<R>) {
    this.#parts = parts
  }

  /**
   * Opens the file, and gives each record to `take` with the time at which it was written. Only its owner may call this.
   * @param first the records of a new file, where there is none
   * @throws Error for the operator, which names the file; the file is as it was then
   */
  static async open<R>(
    parts: TokenLogParts<R>,
    first: () => readonly R[],
    take: (record: R, at: number) => void,
  ): Promise<TokenLog<R>> {
    const log = new TokenLog(parts)
    try {
      await log.#open(first, take)
    } catch (cause) {
      throw new Error(`"${parts.file}": ${(cause as Error).message}`, { cause })
    }
    return log
  }

  async #open(first: () => readonly R[], take: (record: R, at: number) => void): Promise<void> {
    const { file, clock, log } = this.#parts
    const found = await readSecretFile(file, LARGEST).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (found === undefined) {
      const frame = frameBytes({ sequence: 0, at: clock.wall(), records: first() })
      await writeSafely(file, 'keep', (handle) => handle.writeFile(frame))
      log.warn({ file }, 'no state of tokens was there: none was ever issued, or all sessions and revocations are lost')
      return this.#open(first, take)
    }
    const end = await this.#read(found.bytes, take)
    this.#handle = await open(file, 'r+')
    if (end < found.bytes.length) await this.#cut(found.bytes, end)
    this.#size = end
  }

  /** @returns where the last whole frame ends */
  async #read(bytes: Buffer, take: (record: R, at: number) => void): Promise<number> {
    const slice = new TimeSlice()
    let end = 0
    this.#sequence = -1
    for (;;) {
      const found = frameAt<R>(bytes, end)
      if (found === undefined || found.frame.sequence !== this.#sequence + 1) break
      for (const record of found.frame.records) take(record, found.frame.at)
      this.#sequence++
      end = found.end
      if (slice.isOver) await slice.yield()
    }
    if (end === 0)
      throw new Error(
        'the file holds something else, or its beginning is damaged: it is left as it is; restore it, or move it away',
      )
    const later = end === bytes.length ? undefined : laterFrame(bytes, end, this.#sequence)
    if (later !== undefined)
      throw new Error(
        `the file is damaged at byte ${end}, and goes on at byte ${later}: it is left as it is; restore it from a backup`,
      )
    return end
  }

  /** What a process was writing when it ended was never confirmed. */
  async #cut(bytes: Buffer, end: number): Promise<void> {
    const { file, log } = this.#parts
    await writeSafely(`${file}.damaged`, 'replace', (handle) => handle.writeFile(bytes))
    await this.#handle.truncate(end)
    await this.#handle.sync()
    log.warn(
      { file, at: end, bytes: bytes.length - end },
      'the end of the file was incomplete, and was cut off; a copy was kept as .damaged',
    )
  }

  /**
   * Appends records, all or none. Those of one turn of the event loop are written at once. Resolves in the order of the calls.
   * @throws LogUnavailable if they can't be kept
   */
  append(records: readonly R[]): Promise<void> {
    if (this.#closed) return Promise.reject(new LogUnavailable('the log is closed'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  /** Resolves when all that was appended is kept, and the file is closed. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#working
    await this.#handle.close()
  }

  async #work(): Promise<void> {
    // Others of this turn come along.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        if (this.#doubtful) await this.#rewrite()
        await this.#write(group.flatMap(({ records }) => records))
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of group) reject(new LogUnavailable((error as Error).message, { cause: error }))
      }
      // Those who waited change the state first: it is what the file is rewritten with.
      await setImmediate()
      if (this.#size > Math.max(WORTH_REWRITING, GROWTH * this.#rewrittenSize)) await this.#rewrite().catch(() => {})
    }
    this.#working = undefined
  }

  async #write(records: readonly R[]): Promise<void> {
    const bytes = frameBytes({ sequence: this.#sequence + 1, at: this.#parts.clock.wall(), records })
    try {
      await writeAll(this.#handle, bytes, this.#size)
    } catch (error) {
      this.#parts.log.error({ err: error, file: this.#parts.file }, 'the state of tokens could not be written')
      await this.#takeBack()
      throw error
    }
    try {
      await this.#handle.datasync()
    } catch (error) {
      // What the system has kept of the file is unknown from here on.
      this.#doubtful = true
      this.#parts.log.error({ err: error, file: this.#parts.file }, 'the state of tokens could not be written')
      throw error
    }
    this.#size += bytes.length
    this.#sequence++
  }

  async #takeBack(): Promise<void> {
    try {
      await this.#handle.truncate(this.#size)
      await this.#handle.datasync()
    } catch {
      this.#doubtful = true
    }
  }

  /** Replaces the file by one that holds the state of now. */
  async #rewrite(): Promise<void> {
    const { file, clock, log } = this.#parts
    if (clock.now() < this.#rewriteAt) throw new LogUnavailable('the file could not be rewritten')
    let size = 0
    let sequence = -1
    try {
      await writeSafely(file, 'replace', async (handle) => {
        const slice = new TimeSlice()
        for (const records of inGroups(this.#parts.live(), AT_ONCE)) {
          sequence++
          const bytes = frameBytes({ sequence, at: clock.wall(), records })
          await writeAll(handle, bytes, size)
          size += bytes.length
          if (slice.isOver) await slice.yield()
        }
      })
      const handle = await open(file, 'r+')
      await this.#handle.close().catch(() => {})
      this.#handle = handle
    } catch (error) {
      this.#rewriteAt = clock.now() + AGAIN_MS
      if (!(await this.#isInPlace())) this.#doubtful = true
      log.error({ err: error, file }, 'the state of tokens could not be rewritten')
      throw error
    }
    this.#size = size
    this.#rewrittenSize = size
    this.#sequence = sequence
    this.#doubtful = false
  }

  /** Whether the open file is the one of that name: what is appended to another is lost. */
  async #isInPlace(): Promise<boolean> {
    const [own, named] = await Promise.all([this.#handle.stat(), stat(this.#parts.file)]).catch(() => [])
    return own !== undefined && own.ino === named?.ino && own.dev === named.dev
  }
}

function* inGroups<R>(all: Iterable<R>, most: number): Generator<R[]> {
  let group: R[] = []
  for (const one of all) {
    group.push(one)
    if (group.length < most) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
