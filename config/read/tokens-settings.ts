import { dirname, join, resolve } from 'node:path'
import { show } from '../../core/base/show.ts'
import type { TokenSettings } from '../../core/control/tokens.ts'
import type { Problems } from '../document/problems.ts'
import type { DocumentValues } from '../schema/document-schema.ts'

/** How the gateway issues tokens of its own. Undefined: it issues none. @param file the document's */
export function readTokenSettings(
  { tokens: given }: DocumentValues,
  file: string,
  problems: Problems,
): TokenSettings | undefined {
  if (typeof given !== 'object') return undefined
  const absolute = (path: string): string => resolve(dirname(resolve(file)), path)
  const keysDir = absolute(given.keys_dir)
  const settings = {
    issuer: given.issuer,
    audience: given.audience ?? given.issuer,
    serve: given.serve,
    algorithm: given.algorithm,
    keysDir,
    rotateEveryMs: given.rotate_every,
    accessTtlMs: given.access_ttl,
    refreshTtlMs: given.refresh_ttl,
    usersFile: given.users_file === undefined ? undefined : absolute(given.users_file),
    clients: given.clients.map(({ secret_file, ...client }) => ({ ...client, secretFile: absolute(secret_file) })),
    stateFile: given.state_file === undefined ? join(dirname(keysDir), 'tokens.state') : absolute(given.state_file),
    maxSessions: given.max_sessions,
  }
  reportTwice(settings, problems)
  reportPlaces(settings, problems)
  return settings
}

function reportTwice({ clients }: TokenSettings, problems: Problems): void {
  const first = new Map<string, number>()
  for (const [i, { id }] of clients.entries()) {
    const before = first.get(id)
    if (before === undefined) first.set(id, i)
    else {
      const place = problems.place(['tokens', 'clients', before, 'id'])
      problems.error(['tokens', 'clients', i, 'id'], `the client ${show(id)} is listed already: ${place}`)
    }
  }
}

/** Whoever may write the state, or read a secret, need not be able to read the keys; and nothing overwrites a file of the operator. */
function reportPlaces({ keysDir, stateFile, usersFile, clients }: TokenSettings, problems: Problems): void {
  if (stateFile === keysDir || stateFile.startsWith(`${keysDir}/`))
    problems.error(['tokens', 'state_file'], 'the folder of the keys holds nothing else: choose another folder')
  const others = [usersFile, ...clients.map(({ secretFile }) => secretFile)]
  if (others.includes(stateFile))
    problems.error(
      ['tokens', 'state_file'],
      'another option names this file, and the gateway writes it: choose another',
    )
}

/** The files and folders that the section names, absolute; folders end with a slash. */
export const tokenPaths = (settings: TokenSettings | undefined): readonly string[] =>
  settings === undefined ? [] : [`${settings.keysDir}/`, settings.stateFile, ...tokenInputs(settings)]

/** Those of them that the operator writes, and the gateway only reads. */
export const tokenInputs = ({ usersFile, clients }: TokenSettings): readonly string[] => [
  ...(usersFile === undefined ? [] : [usersFile]),
  ...clients.map(({ secretFile }) => secretFile),
]
