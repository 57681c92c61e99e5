import { fstatSync, write, writeSync } from 'node:fs'
import { type Deadline, startTimer } from '../base/timer.ts'

/** Where log lines go. It takes whole lines only, so that several writers can share it. */
export interface LogDestination {
  /** Takes text, or bytes that nobody changes afterwards, ending with a newline. False: it is slow; `drain` follows. */
  write(text: string | Buffer): boolean
  /** Writes everything it holds before it returns. */
  flushSync(): void
  on(event: 'drain', listener: () => void): unknown
  /** Lines were lost, and there is room again. */
  on(event: 'lost', listener: (lines: number) => void): unknown
}

const NEWLINE = 0x0a
const BATCH = 4096
const FLUSH_MS = 250
/** With more bytes than this waiting, `write` returns false. */
const HIGH_WATER = 16 * 1024
/** Bytes that wait at most, for a reader that has stopped reading. Further lines are lost. */
const LIMIT = 4 * 1024 * 1024
/** A full pipe is written again after this time, which doubles as long as the pipe is full; milliseconds. */
const RETRY_MS = 1
const RETRY_LIMIT_MS = 100
/** How long a flush waits for a reader that takes nothing; milliseconds. */
const STUCK_MS = 1000

/** What a pipe takes in one piece, so that lines of several processes do not mix (POSIX, `PIPE_BUF` of Linux). */
const PIECE = 4096
const CUT = Buffer.from('… (cut)\n')

/**
 * Writes to a file descriptor, in batches, and writes the rest when the process exits. If it is broken or full, lines are lost;
 * it never stops the gateway. (sonic-boom, which comes with pino, flushes for ever to a pipe that nobody reads.)
 * @param fd 1 is standard output; any other pipe or socket must be non-blocking
 * @param shared whether other processes write there too: then each write is of whole lines, and a line of more than 4,096 bytes is cut
 */
export function fdDestination(fd = 1, shared = false): LogDestination {
  // Opening the stream makes a pipe non-blocking. A write to a blocking pipe that nobody reads would never return.
  if (fd === 1) void process.stdout
  const destination = new FdDestination(fd, shared)
  process.on('exit', () => destination.flushSync())
  return destination
}

class FdDestination implements LogDestination {
  readonly #fd: number
  readonly #shared: boolean
  /**
   * Whether to write synchronously: a pipe or socket takes at once what it has room for. In another thread, a write could be
   * half done when the process exits: its rest would be lost, and other lines would be in its middle. Only a file can be slow.
   */
  readonly #atOnce: boolean
  readonly #listeners = { drain: [] as ((lines: number) => void)[], lost: [] as ((lines: number) => void)[] }
  #chunks: Buffer[] = []
  /** Bytes that wait, those being written included. */
  #held = 0
  #writing = false
  #broken = false
  #told = false
  /** Lines that were lost, and not told of. */
  #lost = 0
  /** It took nothing the last time; a timer writes again. */
  #full = false
  #retryMs = RETRY_MS
  #timer: Deadline | undefined

  constructor(fd: number, shared: boolean) {
    this.#fd = fd
    this.#shared = shared
    const stats = fstatSync(fd)
    this.#atOnce = stats.isFIFO() || stats.isSocket()
  }

  write(text: string | Buffer): boolean {
    if (this.#broken) return true
    const chunk = typeof text === 'string' ? Buffer.from(text) : text
    if (this.#held + chunk.length <= LIMIT) {
      this.#chunks.push(chunk)
      this.#held += chunk.length
    } else this.#lost += linesOf(chunk)
    if (!this.#writing && !this.#full && this.#held >= BATCH) this.#next()
    else this.#later(FLUSH_MS)
    if (this.#held < HIGH_WATER) return true
    this.#told = true
    return false
  }

  flushSync(): void {
    let rest = this.#take()
    let stuck = 0
    while (rest.length > 0 && !this.#broken && stuck < STUCK_MS) {
      try {
        const written = writeSync(this.#fd, rest)
        this.#held -= written
        rest = written < rest.length ? rest.subarray(written) : this.#take()
        stuck = 0
      } catch (error) {
        if (!isBusy(error)) this.#broken = true
        else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
        stuck += 10
      }
    }
    this.#held -= rest.length
    this.#relieve()
  }

  on(event: 'drain' | 'lost', listener: (lines: number) => void): void {
    this.#listeners[event].push(listener)
  }

  #later(ms: number): void {
    this.#timer ??= startTimer(ms, () => this.#next(), { background: true })
  }

  /** Takes everything that waits, as one buffer. */
  #take(): Buffer {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#full = false
    const [first = Buffer.alloc(0), ...more] = this.#chunks
    const all = more.length === 0 ? first : Buffer.concat(this.#chunks)
    this.#chunks = []
    return this.#shared ? this.#piece(all) : all
  }

  /** The whole lines at its beginning that one write takes; the rest waits. */
  #piece(all: Buffer): Buffer {
    if (all.length <= PIECE) return all
    const end = all.lastIndexOf(NEWLINE, PIECE - 1) + 1
    const next = end > 0 ? end : all.indexOf(NEWLINE) + 1
    this.#chunks = [all.subarray(next)]
    if (end > 0) return all.subarray(0, end)
    const cut = Buffer.concat([all.subarray(0, PIECE - CUT.length), CUT])
    this.#held -= next - cut.length
    return cut
  }

  #next(): void {
    this.#timer = undefined
    if (this.#writing || this.#chunks.length === 0) return
    this.#writing = true
    this.#write(this.#take())
  }

  #write(batch: Buffer): void {
    if (!this.#atOnce) return write(this.#fd, batch, (error, written) => this.#wrote(batch, error, written))
    let failure: NodeJS.ErrnoException | null = null
    let written = 0
    try {
      written = writeSync(this.#fd, batch)
    } catch (error) {
      failure = error as NodeJS.ErrnoException
    }
    this.#wrote(batch, failure, written)
  }

  #wrote(batch: Buffer, error: NodeJS.ErrnoException | null, written: number): void {
    if (error !== null && isBusy(error)) {
      // Back into the queue, where a flush can find it.
      this.#chunks.unshift(batch)
      this.#writing = false
      this.#full = true
      this.#later(this.#retryMs)
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LIMIT_MS)
      return
    }
    this.#retryMs = RETRY_MS
    if (error === null && written < batch.length) {
      this.#held -= written
      this.#write(batch.subarray(written))
      return
    }
    this.#held -= batch.length
    this.#writing = false
    if (error?.code === 'EPIPE' || error?.code === 'EBADF') this.#abandon()
    this.#relieve()
    if (this.#held >= BATCH) this.#next()
    else if (this.#chunks.length > 0) this.#later(FLUSH_MS)
  }

  /** Emits `drain` if `write` has returned false before, and `lost` if lines were lost. */
  #relieve(): void {
    if (this.#held >= HIGH_WATER) return
    const lost = this.#lost
    this.#lost = 0
    if (lost > 0) this.#emit('lost', lost)
    if (this.#told) this.#emit('drain', 0)
    this.#told = false
  }

  /** Later, so that it does not come in the middle of a `write`. */
  #emit(event: 'drain' | 'lost', lines: number): void {
    process.nextTick(() => {
      for (const listener of this.#listeners[event]) listener(lines)
    })
  }

  /** The reader has gone: drops everything. */
  #abandon(): void {
    this.#broken = true
    this.#chunks = []
    this.#held = 0
  }
}

function linesOf(chunk: Buffer): number {
  let lines = 0
  for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines++
  return lines
}

function isBusy(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EAGAIN' || code === 'EBUSY'
}

/** Writes everything that waits. If the destination is closed already, there is nothing to save. */
export function flushQuietly(destination: LogDestination): void {
  try {
    destination.flushSync()
  } catch {}
}
