import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../../core/control/config-error.ts'
import type { Settings } from '../read/settings.ts'

/** Settings that are only read when the process starts, with their key of the document. */
export const NEEDS_RESTART = { tracing: 'tracing', workers: 'workers' } as const satisfies Partial<
  Record<keyof Settings, string>
>

/** The changes of a new configuration that need a restart. */
export function restartProblems(live: Settings, next: Settings): Problem[] {
  return Object.entries(NEEDS_RESTART).flatMap(([setting, key]) => {
    const name = setting as keyof typeof NEEDS_RESTART
    if (isDeepStrictEqual(live[name], next[name])) return []
    return [{ path: [key], message: `"${key}" changes only with a restart; nothing of this configuration was applied` }]
  })
}
