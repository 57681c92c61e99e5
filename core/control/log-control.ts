import { defineService, type ServiceKey } from '../api/service.ts'

/** From the most talkative to none. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** The level of the log. Plain data. */
export interface LogStatus {
  readonly level: LogLevel
  /** What the configuration says; the next reload that changes it applies again. */
  readonly configured: LogLevel
}

/**
 * Shows and changes the level of the log of all processes; for admin filters. No method rejects.
 *
 * @example const { configured } = await env.service(LogControlKey).status()
 */
export interface LogControl {
  status(): Promise<LogStatus>
  /**
   * Until the process ends, or a reload changes the level that is configured. Workers that start later have it too. A worker that does
   * not answer within two seconds is not waited for. Something else than a level changes nothing.
   */
  setLevel(level: LogLevel): Promise<LogStatus>
}

/**
 * The log's level.
 *
 * @example await env.service(LogControlKey).setLevel('debug')
 */
export const LogControlKey: ServiceKey<LogControl> = defineService('log')
