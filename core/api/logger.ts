/**
 * The part of pino's interface that filters and services use. Each call writes one JSON line with the fields and the message.
 *
 * Fields keep their name and type for ever; what changes goes into a field, not into the message. An `Error` goes into `err`:
 * it is written with its stack and cause. Never log what a client sent without need, and never a secret.
 *
 * ```ts
 * env.log.warn({ err: error, tenant }, 'the tenant service failed')
 * ```
 */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** A logger that adds these fields to each of its lines. */
  child(fields: object): Logger
}

const nothing = (): void => {}
/** Writes nothing; for tests and for `validate`. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
}
