import { pino } from 'pino'
import type { Logger } from '../api/logger.ts'
import { fdDestination, flushQuietly, type LogDestination } from './log-destination.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** The logger of the process. */
export interface RootLogger extends Logger {
  /** Changes the least severe level that is written, also for its children. */
  setLevel(level: LogLevel): void
  /** Writes everything that waits, before the process exits. */
  flushSync(): void
}

/**
 * JSON lines as pino writes them: level, time in milliseconds since the epoch, msg. Errors under `err` or `error` are
 * written with their stack and cause.
 */
export function makeLogger(options: { level: LogLevel; destination?: LogDestination }): RootLogger {
  const destination = options.destination ?? fdDestination()
  const { err } = pino.stdSerializers
  const logger = pino({ level: 'trace', base: null, serializers: { err, error: err } }, destination)
  // Not pino's own level: children keep the level that their parent had when they were created.
  const least = { value: LEVELS[options.level] }
  return Object.assign(wrapped(logger, least), {
    setLevel: (level: LogLevel) => {
      least.value = LEVELS[level]
    },
    flushSync: () => flushQuietly(destination),
  })
}

/** As pino numbers them. */
const LEVELS: Readonly<Record<LogLevel, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Number.POSITIVE_INFINITY,
}

// Wrapped, so that filters can't reach pino's settings.
function wrapped(logger: pino.Logger, least: { readonly value: number }): Logger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: object, message: string): void => {
      if (LEVELS[level] >= least.value) logger[level](fields, message)
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrapped(logger.child(fields), least),
  }
}
