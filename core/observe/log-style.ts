/** How lines of the log begin. The logger and the access log share one. */
export interface LogStyle {
  /** `2026-01-31T12:00:00.000Z` instead of milliseconds since the Unix epoch. */
  readonly isoTime: boolean
  /** `"info"` instead of 30. */
  readonly levelNames: boolean
}

/** As pino writes lines. */
export const PLAIN_STYLE: LogStyle = { isoTime: false, levelNames: false }

/** pino's names of levels, by number. */
export const LEVEL_NAMES: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}

/**
 * The start of a JSON line: level and time.
 * @param wall milliseconds since the Unix epoch
 */
export function lineStart(level: number, wall: number, { isoTime, levelNames }: LogStyle): string {
  const time = isoTime ? `"${new Date(wall).toISOString()}"` : wall
  return `{"level":${levelNames ? `"${LEVEL_NAMES[level]}"` : level},"time":${time}`
}

const START = /^\{"level":(\d+),"time":(\d+)/

/** A line that pino wrote, in another style. */
export function restyled(line: string, style: LogStyle): string {
  if (!style.isoTime && !style.levelNames) return line
  return line.replace(START, (_, level: string, time: string) => lineStart(Number(level), Number(time), style))
}
