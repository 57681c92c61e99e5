import type { DiagLogger } from '@opentelemetry/api'
import type { Clock, Logger } from '../../core/index.ts'

const EVERY = 60_000
const KINDS = 64
const LIMIT = 1024

/**
 * Writes the SDK's own messages to the log. An unreachable collector fails every few seconds, so messages that differ only in
 * numbers are logged once per minute, with the number of those left out.
 */
export function diagnosticsTo(log: Logger, clock: Clock): DiagLogger {
  const seen = new Map<string, { at: number; leftOut: number }>()
  const say = (level: 'debug' | 'info' | 'warn' | 'error', message: string, details: unknown[]): void => {
    const text = [message, ...details].map(textOf).join(' ').slice(0, LIMIT)
    const kind = `${level} ${text.replace(/\d+/g, '#').slice(0, 200)}`
    const last = seen.get(kind)
    const now = clock.now()
    if (last !== undefined && now - last.at < EVERY) {
      last.leftOut++
      return
    }
    if (seen.size >= KINDS) seen.clear()
    seen.set(kind, { at: now, leftOut: 0 })
    const leftOut = last?.leftOut ?? 0
    log[level](leftOut === 0 ? { source: 'opentelemetry' } : { source: 'opentelemetry', repeated: leftOut }, text)
  }
  return {
    // A failed export is an error to the SDK. For the gateway, which continues to serve, it is a warning.
    error: (message, ...details) => say('warn', message, details),
    warn: (message, ...details) => say('warn', message, details),
    info: (message, ...details) => say('info', message, details),
    debug: (message, ...details) => say('debug', message, details),
    verbose: (message, ...details) => say('debug', message, details),
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return shortened(value)
  if (value instanceof Error) return value.message
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

/** The SDK reports exceptions as JSON with their stack; only name, code and message are useful. */
function shortened(text: string): string {
  if (!text.startsWith('{')) return text
  try {
    const { name, message, code } = JSON.parse(text) as Record<string, unknown>
    return [name, code, message].filter((part) => typeof part === 'string' && part !== '').join(' ') || text
  } catch {
    return text
  }
}
