import { pino } from 'pino'
import type { Logger } from '../api/logger.ts'
import { safely } from '../base/error-text.ts'
import { fdDestination, flushQuietly, type LogDestination } from './log-destination.ts'
import { logFields, logMessage } from './log-fields.ts'
import { type LogFormat, LogOutput, type Terminal } from './log-output.ts'
import { type LogStyle, PLAIN_STYLE, restyled } from './log-style.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** The logger of the process. */
export interface RootLogger extends Logger {
  /** Changes the least severe level that is written, also for its children. */
  setLevel(level: LogLevel): void
  /** Changes how lines look, also those of its children. Resolves when they do. */
  setFormat(format: LogFormat, style: LogStyle): Promise<void>
  /** Where the lines go. The access log shares it. */
  readonly destination: LogDestination
  /** Writes everything that waits, before the process exits. */
  flushSync(): void
}

/**
 * JSON lines as pino writes them: level, time in milliseconds since the epoch, msg. Errors are written with their stack and
 * cause. No method throws: plugins log what they like, and a line that fails must end neither a request nor the process.
 */
export function makeLogger(options: {
  level: LogLevel
  destination?: LogDestination
  /** Fields of each line. */
  base?: Readonly<Record<string, unknown>>
  terminal?: Terminal
}): RootLogger {
  const destination = new LogOutput(options.destination ?? fdDestination(), options.terminal)
  let style = PLAIN_STYLE
  const styled = { write: (line: string) => void destination.write(restyled(line, style)) }
  // Fields are plain when pino gets them. Its own serializer throws for some errors, and writes into others.
  const serializers = { err: (plain: unknown) => plain }
  const logger = pino({ level: 'trace', base: options.base ?? null, serializers }, styled)
  // Not pino's own level: children keep the level that their parent had when they were created.
  const least = { value: LEVELS[options.level] }
  const root = wrapped(logger, least)
  destination.on('lost', (lines) => root.warn({ lines }, 'lines of the log were lost: it was not read fast enough'))
  return Object.assign(root, {
    setLevel: (level: LogLevel) => {
      least.value = LEVELS[level]
    },
    setFormat: (format: LogFormat, next: LogStyle) => {
      style = next
      return destination.setFormat(format, next.isoTime)
    },
    destination,
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
      if (LEVELS[level] < least.value) return
      guarded(logger, message, () => {
        // In JavaScript, a message may come alone.
        const first = typeof fields === 'object' ? logFields(fields) : logMessage(fields)
        logger[level](first as object, logMessage(message) as string)
      })
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrapped(guarded(logger, '', () => logger.child({ ...logFields(fields) })) ?? logger, least),
  }
}

/** Writes a line. If that fails, a line says so, unless the destination fails again. */
function guarded<T>(logger: pino.Logger, message: string, write: () => T): T | undefined {
  try {
    return write()
  } catch (error) {
    safely(() => logger.error(logFields({ err: error, line: message }), 'a log line could not be written'))
    return undefined
  }
}
