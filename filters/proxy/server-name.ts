import { isIP } from 'node:net'
import type { Target } from '../../core/index.ts'

/**
 * Name that TLS sends and verifies: the configured one, or the host of the target's URL, never what a client says. Without the dot
 * that may end a name, and empty for an address, which no SNI holds (RFC 6066 §3) and which is verified as such.
 */
export function serverName(target: Target, configured: string | undefined): string {
  const name = configured ?? new URL(target.origin).hostname
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) === 0 ? name.replace(/\.$/, '') : ''
}
