import { show } from '../../core/base/show.ts'
import type { Path } from '../../core/control/config-error.ts'

/** `endpoints[0].filters.breaker`. */
export function formatPath(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[\w-]{1,60}$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${show(step)}]`
  }
  return text
}
