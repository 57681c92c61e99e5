import { MASK, maskText } from '../../core/base/masking.ts'

/** True if a text holds a reference: `$${` is none. */
export const hasReference = (written: string): boolean => written.replaceAll('$${', '').includes('${')

/** A text with references as anybody may see it: as it is written, with the parts masked that may be secrets. */
export function shownReference(written: string, secret: boolean): string {
  if (!secret) return maskText(written)
  // A default may be the secret itself.
  return /^\$\{[^}]*\}$/.test(written) ? written.replace(/:-[^}]+/, `:-${MASK}`) : MASK
}
