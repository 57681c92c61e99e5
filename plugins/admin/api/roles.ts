import type { Exchange, LocalReply } from '../../../core/index.ts'
import type { Access } from './api-operation.ts'
import { problem } from './contents.ts'

/** The roles of callers, as the filter that knows them names them, for each of those of the API. */
export type RoleNames = Readonly<Record<Exclude<Access, 'open'>, readonly string[]>>

/**
 * 403 if the caller has an identity without the role. Without an identity nothing in the chain asks who calls, and everything is allowed:
 * the listener is then on loopback, or its own filters guard it.
 */
export function refuseRole({ identity }: Exchange, access: Access, names: RoleNames): LocalReply | undefined {
  if (access === 'open' || identity === undefined) return undefined
  const enough = access === 'viewer' ? [...names.viewer, ...names.operator] : names.operator
  if (identity.roles.some((role) => enough.includes(role))) return undefined
  return problem(403, 'role_missing', `This needs the role ${access === 'viewer' ? 'viewer or operator' : 'operator'}.`)
}
