import type { FilterEnv } from '../../../core/index.ts'
import type { AuthMethod } from '../auth-method.ts'
import { BasicMethod } from './basic-method.ts'
import type { BasicOptions } from './basic-options.ts'
import { loadUsers } from './load-basic.ts'

/**
 * The method of these options, one object for all instances with equal options and files.
 * @throws Error for the operator: what is wrong, and where
 */
export function sharedBasic(options: BasicOptions, env: FilterEnv): AuthMethod {
  const { users, fingerprint } = loadUsers(options, env)
  return env.share(`basic ${fingerprint}`, {
    scope: 'factory',
    version: 1,
    make: () => new BasicMethod(users, env.clock),
  })
}
