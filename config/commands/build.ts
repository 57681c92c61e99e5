import { silentLogger } from '../../core/api/logger.ts'
import { systemClock } from '../../core/base/clock.ts'
import { TimerWheel } from '../../core/base/timer-wheel.ts'
import type { Catalog } from '../../core/build/catalog.ts'
import { buildSnapshot, checkSpec, type Snapshot } from '../../core/build/snapshot.ts'
import { Runtime } from '../../core/chain/runtime.ts'
import { OwnTokensKey } from '../../core/control/tokens.ts'
import { Metrics } from '../../core/observe/metrics.ts'
import { EndpointRegistry, EndpointRegistryKey } from '../../core/state/registry.ts'
import { SharedState } from '../../core/state/shared-state.ts'
import { loadConfig } from '../live/config-loader.ts'
import type { LoadedConfig } from '../read/reading.ts'
import type { Host } from './command.ts'
import { expectedTokens } from './expected-tokens.ts'
import { type Finding, findings, located } from './report.ts'

/** A configuration that was loaded and built as `run` does, without listening. */
export interface Built {
  readonly config: LoadedConfig
  readonly catalog: Catalog
  readonly snapshot: Snapshot
  readonly shared: SharedState
  /** Warnings and notices. */
  readonly findings: readonly Finding[]
}

/** @param previous plays the part of the running configuration: its unchanged instances are used again */
export async function build(file: string, host: Host, previous?: Built): Promise<Built> {
  const config = await loadConfig(file, process.env, async (part) => checkSpec(part.spec, await host.catalog(part)))
  const shared = previous?.shared ?? new SharedState()
  const services = new Map(host.services)
    .set(EndpointRegistryKey, new EndpointRegistry(systemClock, silentLogger))
    .set(OwnTokensKey, expectedTokens(config.settings))
  const runtime = new Runtime({
    clock: systemClock,
    timers: new TimerWheel(),
    logger: silentLogger,
    meter: new Metrics(),
  })
  try {
    const catalog = await host.catalog(config)
    const context = { runtime, catalog, shared, services, baseDir: config.settings.baseDir }
    const snapshot = await buildSnapshot(config.spec, context, previous?.snapshot)
    return { config, catalog, snapshot, shared, findings: found(config, snapshot) }
  } catch (error) {
    throw located(error, config)
  }
}

/** Releases the chains. */
export async function release(...all: readonly Built[]): Promise<void> {
  for (const { snapshot } of all) await Promise.all([...snapshot.chains.values()].map((chain) => chain.release()))
}

function found({ warnings, notices, document }: LoadedConfig, snapshot: Snapshot): Finding[] {
  const noticed = notices.map((message) => ({ path: [], message }))
  return [
    ...findings('warning', [...warnings, ...snapshot.warnings], document),
    ...findings('notice', noticed, document),
  ]
}
