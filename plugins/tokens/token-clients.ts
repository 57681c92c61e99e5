import { hash, timingSafeEqual } from 'node:crypto'
import type { TokenClientSettings } from '../../core/index.ts'
import { hasControls } from './names.ts'
import { readSecretFile } from './safe-file.ts'

const MIN_SECRET_BYTES = 16
const MAX_SECRET_BYTES = 1024

/** An application with a secret. */
export interface TokenClient {
  readonly id: string
  /** SHA-256 of the secret: it is random, so that a slow hash would add nothing. */
  readonly digest: Buffer
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
}

/**
 * The clients of the configuration, by id, with the secrets of their files. One line break at the end of a file is no part of the secret.
 * @throws Error for the operator, with the file, without the secret
 */
export async function readClients(all: readonly TokenClientSettings[]): Promise<ReadonlyMap<string, TokenClient>> {
  const clients = new Map<string, TokenClient>()
  for (const { id, secretFile, scopes, roles } of all) {
    if (id === '' || id.length > 128 || hasControls(id))
      throw new Error('a client of "tokens" has an id that is empty, too long, or has control characters')
    if (clients.has(id)) throw new Error(`the client "${id}" of "tokens" is there twice`)
    clients.set(id, { id, digest: await digestIn(secretFile, id), scopes, roles })
  }
  return clients
}

async function digestIn(file: string, id: string): Promise<Buffer> {
  try {
    const { bytes } = await readSecretFile(file, MAX_SECRET_BYTES)
    const secret = /^(.*?)\r?\n?$/s.exec(bytes.toString('latin1'))![1]!
    if (secret.length < MIN_SECRET_BYTES)
      throw new Error(`the secret has ${secret.length} bytes and needs at least ${MIN_SECRET_BYTES}`)
    return hash('sha256', Buffer.from(secret, 'latin1'), 'buffer')
  } catch (cause) {
    throw new Error(`the secret of the client "${id}", "${file}": ${(cause as Error).message}`, { cause })
  }
}

const NOBODY = Buffer.alloc(32)

/** Whether one of the texts is the client's secret. For an unknown client it takes as long. */
export function hasSecret(client: TokenClient | undefined, texts: readonly string[]): boolean {
  let matches = false
  for (const text of texts)
    if (timingSafeEqual(hash('sha256', text, 'buffer'), client?.digest ?? NOBODY)) matches = client !== undefined
  return matches
}
