import type { EndpointActivity, EndpointView } from '../../core/control/endpoint-control.ts'
import type { EndpointState } from '../../core/state/endpoint-state.ts'
import type { LoadedConfig } from '../read/reading.ts'
import { shown } from '../read/shown-value.ts'

/** An endpoint as anybody may see it. @param activity of all workers; undefined: the state has it */
export function viewOf(
  state: EndpointState,
  { entries, document }: LoadedConfig,
  at: readonly (string | number)[],
  activity?: EndpointActivity,
): EndpointView {
  const count = (url: string) => activity?.targets.find((target) => target.url === url)
  const { file, line } = document.place({ path: at, message: '' })
  return {
    id: state.id,
    entry: shown('endpoint', entries[Number(at[1])], at, document) as EndpointView['entry'],
    file,
    line,
    status: state.status,
    changed_at: time(state.changedAt),
    targets: state.targets.map(({ url, weight, health, ejected, outstanding, attempts, failures, changedAt }) => ({
      url,
      weight,
      health,
      ejected,
      outstanding: count(url)?.outstanding ?? outstanding,
      attempts: count(url)?.attempts ?? attempts,
      failures: count(url)?.failures ?? failures,
      changed_at: time(changedAt),
    })),
    breakers:
      activity?.breakers ??
      Array.from(state.breakers, ({ filter, target, phase }) => ({ filter, target: target ?? null, phase })),
  }
}

const time = (ms: number): string => new Date(ms).toISOString()
