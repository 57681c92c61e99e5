import { MASK, maskText } from '../../core/base/masking.ts'

/** Whether a text refers to something: `$${` is only text. */
export const hasReference = (written: string): boolean => written.replaceAll('$${', '').includes('${')

/** A text with references as anybody may see it: as it was written, but for what may be a secret in it. */
export function shownReference(written: string, secret: boolean): string {
  if (!secret) return maskText(written)
  // A default may be the secret itself.
  return /^\$\{[^}]*\}$/.test(written) ? written.replace(/:-[^}]+/, `:-${MASK}`) : MASK
}
