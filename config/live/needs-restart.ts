import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../../core/control/config-error.ts'
import type { TokenSettings } from '../../core/control/tokens.ts'
import type { Settings } from '../read/settings.ts'

/** Settings that are only read when the process starts, with their key of the document. */
export const NEEDS_RESTART = { tracing: 'tracing', workers: 'workers' } as const satisfies Partial<
  Record<keyof Settings, string>
>

/** The same of `tokens`: where the keys and the state are, and who the issuer is. */
export const TOKENS_RESTART = {
  issuer: 'issuer',
  keysDir: 'keys_dir',
  stateFile: 'state_file',
} as const satisfies Partial<Record<keyof TokenSettings, string>>

/** The changes of a new configuration that need a restart. */
export function restartProblems(live: Settings, next: Settings): Problem[] {
  const general = Object.entries(NEEDS_RESTART).flatMap(([setting, key]) => {
    const name = setting as keyof typeof NEEDS_RESTART
    return isDeepStrictEqual(live[name], next[name]) ? [] : [problemAt(key)]
  })
  return [...general, ...tokenProblems(live.tokens, next.tokens)]
}

function tokenProblems(live: TokenSettings | undefined, next: TokenSettings | undefined): Problem[] {
  if (live === undefined || next === undefined) return live === next ? [] : [problemAt('tokens')]
  return Object.entries(TOKENS_RESTART).flatMap(([setting, key]) => {
    const name = setting as keyof typeof TOKENS_RESTART
    return live[name] === next[name] ? [] : [problemAt('tokens', key)]
  })
}

const problemAt = (...path: string[]): Problem => ({
  path,
  message: `"${path.join('.')}" changes only with a restart; nothing of this configuration was applied`,
})
