import { resolve } from 'node:path'
import { readOrdinaryFile } from '../../core/base/read-file.ts'

/** MiB. A file that `${file:…}` names holds a secret or another short value. */
const LIMIT = 1

/** The text of a file that a reference names, relative to `folder`. Throws an error with a message for the operator. */
export function readReferencedFile(folder: string, path: string): string {
  if (path === '') throw new Error(`\${file:} names no file: write \${file:/run/secrets/name}`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readOrdinaryFile(resolve(folder, path), LIMIT))
  } catch (cause) {
    const why = cause instanceof TypeError ? 'the file is not UTF-8 text' : (cause as Error).message
    throw new Error(`\${file:${path}}: ${why}`, { cause })
  }
}
