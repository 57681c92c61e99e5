import { chownSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandResult } from '../../config/commands/command.ts'
import { writeNewKey } from '../../plugins/tokens/key-folder.ts'
import type { TokenSettings } from '../control/tokens.ts'
import { keysIn } from './token-setup.ts'

/** Adds a key to the gateway's folder. @param now milliseconds since the epoch */
export async function rotateKeys(settings: TokenSettings, now: number): Promise<CommandResult> {
  const { keysDir, algorithm } = settings
  // Where there are none, the folder may be the wrong one: the gateway makes its first key itself.
  await keysIn(settings)
  const { kid } = await writeNewKey(keysDir, algorithm, now)
  const file = join(keysDir, `${kid}.json`)
  giveToOwner(file, keysDir)
  return {
    text: `${file}
A key for ${algorithm}. The gateway publishes it within 30 seconds, and signs with it 5 minutes later. Tokens of the other
keys stay valid; the gateway removes each key when its last token has expired.
`,
    data: { kid, file, algorithm },
  }
}

/** A file that root has made could not be read by the gateway. */
function giveToOwner(file: string, dir: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(dir)
  chownSync(file, uid, gid)
}
