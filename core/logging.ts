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
/** A reader that has stopped reading costs this much memory, and after that lines. */
const LIMIT = 4 * 1024 * 1024

/**
 * A file descriptor, written asynchronously in batches and emptied when the process exits. A broken or full one loses
 * lines; it never stops the gateway.
 * @param fd 1 is standard output
 */
export function fdDestination(fd = 1): LogDestination {
  const destination = pino.destination({
    dest: fd,
    sync: false,
    minLength: BATCH,
    maxLength: LIMIT,
    periodicFlush: FLUSH_MS,
    // As strings, batches cost 3 µs a line to encode when they are written; as bytes, nothing.
    contentMode: 'buffer',
  } as Parameters<typeof pino.destination>[0] & object)
  destination.on('error', () => {})
  return {
    write: (text) => destination.write((typeof text === 'string' ? Buffer.from(text) : text) as never), // typed for text
    flushSync: () => destination.flushSync(),
    on: (event, listener) => destination.on(event, listener),
  }
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
