import { isSecret } from '../../core/base/masking.ts'
import type { Path } from '../../core/control/config-error.ts'

/** True if the value at a path may be a secret: a step of the path has a secret name. Names of filters don't count. */
export const isSecretPath = (path: Path): boolean =>
  path.some((step, i) => typeof step === 'string' && isSecret(step) && !(i < path.length - 1 && isFilterName(path, i)))

/** True if every value below a path may be a secret. */
export const isSecretBelow = (path: Path): boolean => isSecretPath([...path, 0])

/** True if the last step of a path is the name of a filter, in a chain, at an endpoint or in a group. */
export const endsWithFilter = (path: Path): boolean => isFilterName(path, path.length - 1)

function isFilterName(path: Path, i: number): boolean {
  const [first] = path
  if (first === 'endpoints') return i === 3 && path[2] === 'filters'
  if (first === 'groups') return i === 2
  return i === (first === 'admin' ? 3 : 2) && path[i - 2] === 'filters'
}
