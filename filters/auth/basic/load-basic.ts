import { createHash } from 'node:crypto'
import type { FilterEnv } from '../../../core/index.ts'
import type { BasicUser } from './basic-method.ts'
import type { BasicOptions } from './basic-options.ts'
import { htpasswdUsers } from './htpasswd.ts'

/** Users as the configuration describes them, and a digest of all of it, the contents of the file included. */
export interface LoadedUsers {
  readonly users: ReadonlyMap<string, BasicUser>
  readonly fingerprint: string
}

/** @throws Error for the operator: what is wrong, and where */
export function loadUsers(options: BasicOptions, env: Pick<FilterEnv, 'readFile' | 'warn'>): LoadedUsers {
  const { file, roles, scopes } = options
  // Without the mark of the byte order that editors of Windows write.
  const text = new TextDecoder().decode(env.readFile(file))
  const hashes = within(file, () => htpasswdUsers(text))
  for (const name of [...Object.keys(roles), ...Object.keys(scopes)])
    if (!hashes.has(name)) env.warn(`basic: "${name}" has roles or scopes, but is no user of ${file}`)
  const users = new Map(
    [...hashes].map(([name, hash]) => [name, { hash, roles: of(roles, name), scopes: of(scopes, name) }]),
  )
  return {
    users,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([text, roles, scopes]))
      .digest('base64url'),
  }
}

const of = (names: Readonly<Record<string, readonly string[]>>, name: string): readonly string[] =>
  Object.hasOwn(names, name) ? names[name]! : []

function within<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new Error(`basic: "${file}": ${(cause as Error).message}`, { cause })
  }
}
