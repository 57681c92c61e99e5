import { readFile } from 'node:fs/promises'
import { LineCounter, parseDocument } from 'yaml'
import * as z from 'zod'
import { type PasswordHash, passwordHash } from '../../core/index.ts'
import { roleNames, scopeNames, userName } from './names.ts'

/** Users of one file at most. */
const MAX_USERS = 10_000

/** A person with a password. */
export interface TokenUser {
  readonly name: string
  readonly hash: PasswordHash
  /** The hash as the file has it. */
  readonly hashText: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
}

const entry = z.strictObject({
  name: userName,
  password: z.string().min(1),
  roles: roleNames.default([]),
  scopes: scopeNames.default([]),
})

/**
 * The users of a file, by name: a list in YAML, `[{ name: ann, password: "$scrypt$…", roles: [clerk], scopes: ["orders:read"] }]`.
 * @throws Error for the operator, with the file and the line, without hashes
 */
export async function readUsers(file: string): Promise<ReadonlyMap<string, TokenUser>> {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (cause) {
    throw new Error(`cannot read the users of "${file}": ${(cause as Error).message}`, { cause })
  }
  return usersIn(file, text)
}

function usersIn(file: string, text: string): ReadonlyMap<string, TokenUser> {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    resolveKnownTags: false,
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'error',
  })
  const [error] = [...document.errors, ...document.warnings]
  // After a colon the library quotes the document.
  if (error !== undefined)
    throw new Error(`${file}:${lines.linePos(error.pos[0]).line}: not valid YAML: ${error.message.split(':', 1)[0]}`)
  let list: unknown
  try {
    list = document.toJS({ maxAliasCount: 0 })
  } catch {
    throw new Error(`${file}: aliases (*name) are not read here: write the values out`)
  }
  if (!Array.isArray(list)) throw new Error(`${file}: expected a list of users, each with "name" and "password"`)
  if (list.length > MAX_USERS) throw new Error(`${file}: more than ${MAX_USERS} users`)
  const users = new Map<string, TokenUser>()
  for (const [i, value] of list.entries()) {
    const node = document.getIn([i], true) as { readonly range?: readonly number[] } | undefined
    const place = `${file}:${lines.linePos(node?.range?.[0] ?? 0).line}`
    const user = userOf(place, value)
    if (users.has(user.name)) throw new Error(`${place}: the user "${user.name}" is there twice`)
    users.set(user.name, user)
  }
  return users
}

function userOf(place: string, value: unknown): TokenUser {
  const parsed = entry.safeParse(value)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw new Error(`${place}: ${path.length === 0 ? '' : `"${path.join('.')}": `}${message}`)
  }
  const { name, password, roles, scopes } = parsed.data
  try {
    return { name, hash: passwordHash(password), hashText: password, roles, scopes }
  } catch (cause) {
    throw new Error(`${place}: the user "${name}": ${(cause as Error).message}`, { cause })
  }
}
