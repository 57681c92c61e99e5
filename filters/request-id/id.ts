import { randomBytes } from 'node:crypto'

const VALID = /^[A-Za-z0-9._~:/+=@-]+$/

/** Whether an incoming id may be kept: 1 to `maxLength` characters that are harmless in logs, URLs and headers. */
export function isValidId(id: string, maxLength: number): boolean {
  return id.length > 0 && id.length <= maxLength && VALID.test(id)
}

/**
 * Creates a source of ids. An id is a random prefix of fixed length (60 bits, so that processes do not collide) and a counter.
 * Ids are unique in a process, and can be guessed from one another: they are no secrets.
 * @param random eight random bytes
 */
export function idSource(random: Uint8Array = randomBytes(8)): () => string {
  const bits = new DataView(random.buffer, random.byteOffset, 8).getBigUint64(0) >> 4n
  const prefix = `${bits.toString(36).padStart(12, '0')}-`
  let count = 0
  return () => prefix + (count++).toString(36)
}
