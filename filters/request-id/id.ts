import { randomBytes } from 'node:crypto'

const VALID = /^[A-Za-z0-9._~:/+=@-]+$/

/** True if an incoming id may be kept: 1 to `maxLength` characters that are harmless in logs, URLs and headers. */
export function isValidId(id: string, maxLength: number): boolean {
  return id.length > 0 && id.length <= maxLength && VALID.test(id)
}

/**
 * Makes ids: a random prefix of fixed length (60 bits, so that processes do not meet) and a counter. Unique in a
 * process; guessable from one another, so never a secret.
 * @param random eight random bytes
 */
export function idSource(random: Uint8Array = randomBytes(8)): () => string {
  const bits = new DataView(random.buffer, random.byteOffset, 8).getBigUint64(0) >> 4n
  const prefix = `${bits.toString(36).padStart(12, '0')}-`
  let count = 0
  return () => prefix + (count++).toString(36)
}
