import { fstatSync, write, writeSync } from 'node:fs'

/** Where log lines go. Whole lines only, so that several writers can share one. */
export interface LogDestination {
  /** Takes text, or bytes that nobody changes afterwards, ending with a newline. False: it is behind; `drain` comes. */
  write(text: string | Buffer): boolean
  /** Writes everything it holds before it returns. */
  flushSync(): void
  on(event: 'drain', listener: () => void): unknown
}

const BATCH = 4096
const FLUSH_MS = 250
/** Beyond this the writer is told that the reader is behind. */
const HIGH_WATER = 16 * 1024
/** A reader that has stopped reading costs this much memory, and after that lines. */
const LIMIT = 4 * 1024 * 1024
/** A full pipe is tried again after this, and after twice as long each time that it still is full. */
const RETRY_MS = 1
const RETRY_LIMIT_MS = 100
/** How long a flush waits for a reader that takes nothing. */
const STUCK_MS = 1000

/**
 * A file descriptor, written in batches and emptied when the process exits. A broken or full one loses lines; it never
 * stops the gateway. (sonic-boom, which pino brings, tries forever to flush to a pipe that nobody reads.)
 * @param fd 1 is standard output; any other pipe or socket must be non-blocking
 */
export function fdDestination(fd = 1): LogDestination {
  // Opening the stream makes a pipe non-blocking: a write to a blocking one that nobody reads would never return.
  if (fd === 1) void process.stdout
  const destination = new FdDestination(fd)
  process.on('exit', () => destination.flushSync())
  return destination
}

class FdDestination implements LogDestination {
  readonly #fd: number
  /**
   * A pipe or socket takes at once what it has room for. Left to another thread, a write could still be half done when
   * the process exits, its rest lost and other lines in its middle. Only a file can take long.
   */
  readonly #atOnce: boolean
  readonly #listeners: (() => void)[] = []
  #chunks: Buffer[] = []
  /** Bytes held, those being written included. */
  #held = 0
  #writing = false
  #broken = false
  #told = false
  /** It took nothing the last time: a timer tries again. */
  #full = false
  #retryMs = RETRY_MS
  #timer: NodeJS.Timeout | undefined

  constructor(fd: number) {
    this.#fd = fd
    const stats = fstatSync(fd)
    this.#atOnce = stats.isFIFO() || stats.isSocket()
  }

  write(text: string | Buffer): boolean {
    if (this.#broken) return true
    const chunk = typeof text === 'string' ? Buffer.from(text) : text
    if (this.#held + chunk.length <= LIMIT) {
      this.#chunks.push(chunk)
      this.#held += chunk.length
    }
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
        rest = rest.subarray(written)
        this.#held -= written
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

  on(_event: 'drain', listener: () => void): void {
    this.#listeners.push(listener)
  }

  #later(ms: number): void {
    this.#timer ??= setTimeout(() => this.#next(), ms).unref()
  }

  /** Everything that waits, as one buffer. */
  #take(): Buffer {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#full = false
    const [first = Buffer.alloc(0), ...more] = this.#chunks
    const all = more.length === 0 ? first : Buffer.concat(this.#chunks)
    this.#chunks = []
    return all
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
      // Back into the queue, where a flush finds it.
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

  /** Tells who was told that it is behind that it no longer is, but not in the middle of a write of theirs. */
  #relieve(): void {
    if (!this.#told || this.#held >= HIGH_WATER) return
    this.#told = false
    process.nextTick(() => {
      for (const listener of this.#listeners) listener()
    })
  }

  /** Nobody reads, and nobody will. */
  #abandon(): void {
    this.#broken = true
    this.#chunks = []
    this.#held = 0
  }
}

function isBusy(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EAGAIN' || code === 'EBUSY'
}

/** Empties a destination; one that is already closed has nothing left to save. */
export function flushQuietly(destination: LogDestination): void {
  try {
    destination.flushSync()
  } catch {}
}
