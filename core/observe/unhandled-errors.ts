import type { Logger } from '../api/logger.ts'
import type { Meter } from '../api/meter.ts'
import { safely } from '../base/error-text.ts'
import { filterOf } from './error-origin.ts'

/**
 * Keeps the process alive when a promise rejects and nothing handles it, or when code throws where nothing catches: a mistake of
 * one plugin, or in one request, must not end all other requests. Each such error is logged and counted.
 */
export function surviveUnhandledErrors(logger: Logger, meter: Meter): void {
  const counts = { rejection: 0, exception: 0 }
  meter.register({
    name: 'weir_unhandled_errors_total',
    help: 'Rejections and exceptions that nothing handled.',
    type: 'counter',
    collect: () => Object.entries(counts).map(([kind, value]) => ({ labels: { kind }, value })),
  })
  // What a handler of these events throws ends the process.
  const report = (error: unknown, message: string): void =>
    safely(() => logger.error({ err: error, filter: filterOf(error) }, message))
  process.on('unhandledRejection', (reason) => {
    counts.rejection++
    report(reason, 'a promise was rejected and nothing handled it')
  })
  process.on('uncaughtException', (error) => {
    counts.exception++
    report(error, 'an error was thrown and nothing caught it')
  })
}
