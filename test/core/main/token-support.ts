import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TokenAlgorithm, TokenSettings } from '../../../core/control/tokens.ts'
import { writeNewKey } from '../../../plugins/tokens/key-folder.ts'

/** Any time; milliseconds since the epoch. */
export const NOW = Date.UTC(2027, 0, 31, 10)
export const ISSUER = 'https://gateway.example.com'

/** How a gateway issues tokens whose folder of keys this is. */
export function settingsOf(dir: string, algorithm: TokenAlgorithm = 'ES256'): TokenSettings {
  return {
    issuer: ISSUER,
    audience: ISSUER,
    serve: { prefix: '/auth', on: 'proxy' },
    algorithm,
    keysDir: join(dir, 'keys'),
    rotateEveryMs: undefined,
    accessTtlMs: 900_000,
    refreshTtlMs: 86_400_000,
    usersFile: undefined,
    clients: [],
    stateFile: join(dir, 'tokens.state'),
    maxSessions: 100,
  }
}

/** The same, with keys that were made at these times. */
export async function withKeys(
  dir: string,
  times: readonly number[] = [NOW - 86_400_000],
  algorithm: TokenAlgorithm = 'ES256',
): Promise<{ settings: TokenSettings; kids: readonly string[] }> {
  const settings = settingsOf(dir, algorithm)
  mkdirSync(settings.keysDir, { mode: 0o700 })
  const kids: string[] = []
  for (const time of times) kids.push((await writeNewKey(settings.keysDir, algorithm, time)).kid)
  return { settings, kids }
}
