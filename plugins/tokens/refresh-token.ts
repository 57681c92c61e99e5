import { createHmac, timingSafeEqual } from 'node:crypto'

const FORM = /^wr1_([A-Za-z0-9_-]{22})\.(0|[1-9]\d{0,14})\.([A-Za-z0-9_-]{43})$/

/** Whether a text looks like a refresh token. */
export const isRefreshToken = (text: string): boolean => text.startsWith('wr1_')

/** The refresh token of a session and a generation, which nobody can make without the secret. */
export function refreshToken(secret: Buffer, id: string, generation: number): string {
  return `wr1_${id}.${generation}.${macOf(secret, id, generation).toString('base64url')}`
}

/** What a refresh token says; undefined if none was issued with that secret. */
export function readRefreshToken(
  secret: Buffer,
  text: string,
): { readonly id: string; readonly generation: number } | undefined {
  const [, id, digits, mac] = FORM.exec(text) ?? []
  if (id === undefined) return undefined
  const generation = Number(digits)
  const given = Buffer.from(mac!, 'base64url')
  return timingSafeEqual(given, macOf(secret, id, generation)) ? { id, generation } : undefined
}

const macOf = (secret: Buffer, id: string, generation: number): Buffer =>
  createHmac('sha256', secret).update(`refresh ${id} ${generation}`).digest()
