import { createHash } from 'node:crypto'

/** A text that differs where anything of it differs, and shows nothing of it. */
export const fingerprint = (of: unknown): string => createHash('sha256').update(JSON.stringify(of)).digest('base64url')
