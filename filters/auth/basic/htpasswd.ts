import { type PasswordHash, passwordHash } from '../../../core/index.ts'

/** Users of one file at most. */
const MAX_USERS = 100_000

/**
 * The users of a file of `htpasswd`: lines `name:hash`; empty ones and those with `#` in front do not count.
 * @throws Error for the operator, with the line, without hashes
 */
export function htpasswdUsers(text: string): ReadonlyMap<string, PasswordHash> {
  const users = new Map<string, PasswordHash>()
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return
    const at = `line ${i + 1}`
    const colon = line.indexOf(':')
    if (colon < 1) throw new Error(`${at}: expected "name:hash"`)
    const name = line.slice(0, colon)
    if (users.has(name)) throw new Error(`${at}: the user "${name}" is there twice`)
    if (users.size === MAX_USERS) throw new Error(`more than ${MAX_USERS} users`)
    try {
      users.set(name, passwordHash(line.slice(colon + 1).trim()))
    } catch (error) {
      throw new Error(`${at}, user "${name}": ${(error as Error).message}`)
    }
  })
  if (users.size === 0) throw new Error('no users')
  return users
}
