import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'

/** Bytes. What `${file:…}` brings in is a secret or another short value. */
const MAX_SIZE = 1024 ** 2

/** The text of a file that a reference names, relative to `folder`. Throws in words for the operator. */
export function readReferencedFile(folder: string, path: string): string {
  if (path === '') throw new Error(`\${file:} names no file: write \${file:/run/secrets/name}`)
  let fd: number
  try {
    // Not blocking: a pipe without a writer would hold the load for ever.
    fd = openSync(resolve(folder, path), constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw new Error(`\${file:${path}}: ${reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? String(error)}`)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw new Error(`\${file:${path}}: this is no ordinary file`)
    if (stat.size > MAX_SIZE) throw new Error(`\${file:${path}}: the file is larger than 1 MiB`)
    const bytes = Buffer.alloc(stat.size)
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, readSync(fd, bytes)))
  } catch (error) {
    if (error instanceof TypeError) throw new Error(`\${file:${path}}: the file is not UTF-8 text`)
    throw error
  } finally {
    closeSync(fd)
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to read the file',
  ENOTDIR: 'a part of the path is a file, not a folder',
}
