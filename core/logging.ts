import { write, writeSync } from 'node:fs'
import { pino } from 'pino'
import type { Logger } from './log.ts'

/** Where log lines go. Whole lines only, so that several writers can share one. */
export interface LogDestination {
  /** Takes text, or bytes that nobody changes afterwards, ending with a newline. False: it is behind; `drain` comes. */
  write(text: string | Buffer): boolean
  /** Writes everything it holds before it returns. */
  flushSync(): void
  on(event: 'drain', listener: () => void): unknown
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** A logger whose destination can be emptied at exit. */
export interface RootLogger extends Logger {
  flushSync(): void
}

const BATCH = 4096
const FLUSH_MS = 250
/** Beyond this the writer is told that the reader is behind. */
const HIGH_WATER = 16 * 1024
/** A reader that has stopped reading costs this much memory, and after that lines. */
const LIMIT = 4 * 1024 * 1024
const RETRY_MS = 100
/** How long a flush waits for a reader that takes nothing. */
const STUCK_MS = 1000

/**
 * A file descriptor, written asynchronously in batches and emptied when the process exits. A broken or full one loses
 * lines; it never stops the gateway. (sonic-boom, which pino brings, tries forever to flush to a pipe that nobody reads.)
 * @param fd 1 is standard output
 */
export function fdDestination(fd = 1): LogDestination {
  const destination = new FdDestination(fd)
  process.on('exit', () => destination.flushSync())
  return destination
}

class FdDestination implements LogDestination {
  readonly #fd: number
  readonly #listeners: (() => void)[] = []
  #chunks: Buffer[] = []
  /** Bytes held, those being written included. */
  #held = 0
  #writing = false
  #broken = false
  #told = false
  #timer: NodeJS.Timeout | undefined

  constructor(fd: number) {
    this.#fd = fd
  }

  write(text: string | Buffer): boolean {
    if (this.#broken) return true
    const chunk = typeof text === 'string' ? Buffer.from(text) : text
    if (this.#held + chunk.length <= LIMIT) {
      this.#chunks.push(chunk)
      this.#held += chunk.length
    }
    if (!this.#writing && this.#held >= BATCH) this.#next()
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
    write(this.#fd, batch, (error, written) => {
      if (error !== null && isBusy(error)) {
        // Back into the queue, where a flush finds it.
        this.#chunks.unshift(batch)
        this.#writing = false
        this.#later(RETRY_MS)
        return
      }
      if (error === null && written < batch.length) {
        this.#held -= written
        this.#write(batch.subarray(written))
        return
      }
      this.#held -= batch.length
      this.#writing = false
      if (error?.code === 'EPIPE' || error?.code === 'EBADF') this.#abandon()
      if (this.#told && this.#held < HIGH_WATER) {
        this.#told = false
        for (const listener of this.#listeners) listener()
      }
      if (this.#held >= BATCH) this.#next()
      else if (this.#chunks.length > 0) this.#later(FLUSH_MS)
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

/**
 * JSON lines as pino writes them: level, time in milliseconds since the epoch, msg. Errors under `err` or `error` are
 * written with their stack and cause.
 */
export function makeLogger(options: { level: LogLevel; destination?: LogDestination }): RootLogger {
  const destination = options.destination ?? fdDestination()
  const { err } = pino.stdSerializers
  const logger = pino({ level: options.level, base: null, serializers: { err, error: err } }, destination)
  return Object.assign(wrapped(logger), { flushSync: () => flushQuietly(destination) })
}

/** Empties a destination; one that is already closed has nothing left to save. */
export function flushQuietly(destination: LogDestination): void {
  try {
    destination.flushSync()
  } catch {}
}

// Wrapped, so that filters can't reach pino's settings through what they are given.
function wrapped(logger: pino.Logger): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => wrapped(logger.child(fields)),
  }
}
