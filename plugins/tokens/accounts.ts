import type { TokenSettings } from '../../core/index.ts'
import type { Accounts } from './logins.ts'
import { readClients } from './token-clients.ts'
import { readUsers } from './users-file.ts'

/**
 * The users and clients of settings, with what their files hold now. Changes nothing.
 * @throws Error for the operator, which names the file
 */
export async function readAccounts({ usersFile, clients: all }: TokenSettings): Promise<Accounts> {
  const users = usersFile === undefined ? new Map<string, never>() : await readUsers(usersFile)
  const clients = await readClients(all)
  // Both become the subject of tokens: rules could not tell them apart.
  for (const id of clients.keys())
    if (users.has(id))
      throw new Error(`"${id}" is a client of "tokens" and a user of "${usersFile}": rename one of them`)
  return { users, clients }
}
