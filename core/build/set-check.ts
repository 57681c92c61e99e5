import { CONNECTION_FIELDS } from '../api/connection-fields.ts'
import type { SetField } from '../api/set-field.ts'
import { isToken } from '../base/tokens.ts'

/** Whose cleaning would break requests, or hide what other filters read. */
const TAKEN = new Set([...CONNECTION_FIELDS, 'host', 'content-length', 'content-type', 'authorization', 'cookie'])

const WHO: readonly unknown[] = [undefined, 'nobody', 'trusted', 'anyone']

/**
 * Checks what a factory's `sets` returned, and returns it.
 * @throws Error in words for the plugin's author
 */
export function checkSets(returned: unknown): readonly SetField[] {
  if (!Array.isArray(returned)) throw new Error('its sets() must return a list, such as [{ name: "X-User" }]')
  for (const field of returned as readonly unknown[]) {
    const { name, keep } = (field ?? {}) as Readonly<Record<string, unknown>>
    if (typeof name !== 'string' || !isToken(name))
      throw new Error('its sets() returned a field without a name that is a token (RFC 9110 §5.6.2)')
    if (TAKEN.has(name.toLowerCase()))
      throw new Error(`its sets() names "${name}", which clients must be able to send; leave it out`)
    if (!WHO.includes(keep))
      throw new Error(`its sets() has a wrong "keep" for "${name}": expected nobody, trusted or anyone`)
  }
  return returned as readonly SetField[]
}
