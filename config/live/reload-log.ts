import type { Logger } from '../../core/api/logger.ts'
import type { ConfigProblem, ConfigStatus, LoadTrigger, ReloadOutcome } from '../../core/control/config-control.ts'

/** Logs the result of a load. */
export function logReload(
  log: Logger,
  result: ReloadOutcome,
  { endpoints }: ConfigStatus,
  trigger: LoadTrigger = 'api',
): void {
  const { outcome, version, duration_ms, problems, warnings } = result
  const fields = { trigger, version, duration_ms }
  if (outcome === 'unchanged') return log.info(fields, 'configuration reloaded: nothing has changed')
  if (outcome === 'applied') {
    log.info({ ...fields, endpoints }, 'configuration reloaded')
    for (const warning of warnings) logWarning(log, warning)
    return
  }
  for (const { message, ...place } of problems) log.error({ place: lineOf(place) }, message)
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  log.error(fields, `configuration not reloaded: ${count}; the previous configuration stays in use`)
}

export const logWarning = (log: Logger, { message, ...place }: ConfigProblem): void =>
  log.warn({ place: lineOf(place) }, message)

const lineOf = ({ file, line, col, path }: Omit<ConfigProblem, 'message'>): string =>
  `${file}${line === undefined ? '' : `:${line}:${col}`}${path === '' ? '' : ` ${path}`}`
