import { runInSlices, TimeSlice } from '../../core/base/time-slice.ts'
import type { EndpointSpec, GatewaySpec } from '../../core/control/gateway-spec.ts'
import { ConfigDocument } from '../document/config-document.ts'
import { ConfigFile } from '../document/config-file.ts'
import { changedEndpoints } from '../live/changed-endpoints.ts'
import { NEEDS_RESTART, TOKENS_RESTART } from '../live/needs-restart.ts'
import { type ListedRoute, listRoutes } from '../live/route-views.ts'
import type { LoadedConfig } from '../read/reading.ts'
import { type Change, compare } from './compare.ts'

/** A change, and whether a reload refuses it. */
export type LiveChange = Change & { readonly restart?: true }

/** Endpoints that are compared at once. */
const AT_ONCE = 20

/**
 * What another configuration would change of the one that runs. Compares in slices, so that requests go on meanwhile.
 * @param next without references: its text is not needed
 */
export async function liveDiff(
  live: LoadedConfig,
  next: Pick<LoadedConfig, 'spec' | 'settings'>,
): Promise<LiveChange[]> {
  const slice = new TimeSlice()
  const whole = { ...live, ...next, document: new ConfigDocument(new ConfigFile(live.document.main.name)) }
  const only = (config: LoadedConfig, endpoints: readonly EndpointSpec[], listeners = config.spec.listeners) => ({
    ...config,
    spec: { listeners, endpoints },
  })
  const changes: Change[] = compare(only(live, []), only(whole, []))
  const { added, removed, changed } = await changedEndpoints(live.spec, next.spec)
  for (const id of removed) changes.push({ what: `endpoint ${id}`, change: 'removed' })
  for (const id of added) changes.push({ what: `endpoint ${id}`, change: 'added' })
  const [before, after] = [byId(live.spec), byId(next.spec)]
  for (let i = 0; i < changed.length; i += AT_ONCE) {
    if (slice.isOver) await slice.yield()
    const some = changed.slice(i, i + AT_ONCE)
    // The listeners and settings of both are compared above.
    const old = { ...live, settings: next.settings }
    changes.push(
      ...compare(
        only(
          old,
          some.map((id) => before.get(id)!),
          next.spec.listeners,
        ),
        only(
          whole,
          some.map((id) => after.get(id)!),
        ),
      ),
    )
  }
  return [...changes, ...(await rerouted(live.spec, next.spec))].map((change) =>
    needsRestart(change) ? { ...change, restart: true } : change,
  )
}

const byId = ({ endpoints }: GatewaySpec) => new Map(endpoints.map((spec) => [spec.endpoint.id, spec]))

/** What leads to another endpoint than before, such as the name without a version when a version is added. */
async function rerouted(old: GatewaySpec, next: GatewaySpec): Promise<Change[]> {
  const before = new Map((await runInSlices(listRoutes(old))).map((route) => [textOf(route), route.endpoint]))
  return (await runInSlices(listRoutes(next))).flatMap((route): Change[] => {
    const [text, id] = [textOf(route), route.endpoint]
    const other = before.get(text)
    return other === undefined || other === id
      ? []
      : [{ what: `route ${text}`, change: 'changed', name: 'endpoint', old: other, new: id }]
  })
}

const textOf = ({ host, path, methods, conditions }: ListedRoute): string => {
  const text = path.replace(/^exact /, '=').replace(/^regex /, '~')
  return [(host ?? '') + text, ...(methods === null ? [] : [methods.join(',')]), ...conditions].join(' ')
}

function needsRestart({ what, change, name }: Change): boolean {
  if (/^listener [^,]*$/.test(what)) return change === 'added' || change === 'removed' || name === 'listen'
  if (what !== 'settings' || name === undefined) return false
  if (Object.values(TOKENS_RESTART).some((key) => name === `tokens.${key}`)) return true
  return Object.values(NEEDS_RESTART).some((key) => name === key || name.startsWith(`${key}.`))
}
