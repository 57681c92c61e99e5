import { runInSlices, type SlicedWork } from '../../core/base/time-slice.ts'
import type { EndpointActivity, EndpointView } from '../../core/control/endpoint-control.ts'
import type { EndpointState } from '../../core/state/endpoint-state.ts'
import type { EndpointRegistry } from '../../core/state/registry.ts'
import type { LoadedConfig } from '../read/reading.ts'
import { shown } from '../read/shown-value.ts'

type Written = Pick<EndpointView, 'entry' | 'file' | 'line'>

/** What a configuration says of its endpoints does not change: it is made for the first who asks. (10,000 endpoints took 0.3 s each time: measured.) */
const written = new WeakMap<LoadedConfig, Map<number, Written>>()

/** What traffic did to endpoints, by id. */
type Activities = ReadonlyMap<string, EndpointActivity>

/**
 * All endpoints as anybody may see them, in slices, so that requests go on meanwhile. Without those that the registry does not have any more.
 * @param activity of all workers; undefined: the states have it
 */
export function viewsOf(
  live: LoadedConfig,
  registry: Pick<EndpointRegistry, 'get'>,
  activity?: Activities,
): Promise<readonly EndpointView[]> {
  return runInSlices(views(live, registry, activity))
}

function* views(
  live: LoadedConfig,
  registry: Pick<EndpointRegistry, 'get'>,
  activity?: Activities,
): SlicedWork<EndpointView[]> {
  const all: EndpointView[] = []
  for (const { endpoint, at } of live.spec.endpoints) {
    yield
    const state = registry.get(endpoint.id)
    if (state !== undefined) all.push(viewOf(state, live, at, activity?.get(endpoint.id)))
  }
  return all
}

function writtenAt(live: LoadedConfig, at: readonly (string | number)[]): Written {
  const known = written.get(live) ?? new Map<number, Written>()
  written.set(live, known)
  const index = Number(at[1])
  let found = known.get(index)
  if (found === undefined) {
    const { entries, document } = live
    const { file, line } = document.place({ path: at, message: '' })
    const entry = frozen(shown('endpoint', entries[index], at, document)) as EndpointView['entry']
    found = { entry, file, line }
    known.set(index, found)
  }
  return found
}

/** All who ask get the same. */
function frozen(value: unknown): unknown {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(Object.freeze(value))) frozen(inner)
  return value
}

/** An endpoint as anybody may see it. @param activity of all workers; undefined: the state has it */
export function viewOf(
  state: EndpointState,
  live: LoadedConfig,
  at: readonly (string | number)[],
  activity?: EndpointActivity,
): EndpointView {
  const count = (url: string) => activity?.targets.find((target) => target.url === url)
  return {
    id: state.id,
    ...writtenAt(live, at),
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
