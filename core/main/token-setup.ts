import { located } from '../../config/commands/report.ts'
import { loadConfig } from '../../config/live/config-loader.ts'
import { readKeys } from '../../plugins/tokens/key-folder.ts'
import type { SigningKey } from '../../plugins/tokens/signing.ts'
import { ConfigError } from '../control/config-error.ts'
import type { TokenSettings } from '../control/tokens.ts'

/**
 * How the gateway of a configuration issues tokens.
 * @throws ConfigError if it issues none
 */
export async function tokenSettings(file: string): Promise<TokenSettings> {
  const config = await loadConfig(file)
  const settings = config.settings.tokens
  if (settings === undefined)
    throw located(
      new ConfigError([{ path: [], message: 'the gateway issues no tokens: set tokens, with issuer and keys_dir' }]),
      config,
    )
  return settings
}

/**
 * The keys in the gateway's folder, the oldest first; one at least.
 * @throws Error for the operator
 */
export async function keysIn({ keysDir }: TokenSettings): Promise<readonly SigningKey[]> {
  const keys = await readKeys(keysDir).catch((error: Error) => {
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return []
    throw error
  })
  if (keys.length === 0) throw new Error(`there are no keys in ${keysDir}: the gateway makes them at its first start`)
  return keys
}
