// Composition root and command line: the one file of core that may import everything.
import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { CONFIG_OPTION, type Command, DEFAULT_FILE, type Host } from '../../config/commands/command.ts'
import { writeDefaultFile } from '../../config/commands/default-file.ts'
import { dispatch } from '../../config/commands/dispatch.ts'
import { located, styleFor } from '../../config/commands/report.ts'
import { plainProblem } from '../../config/document/problems.ts'
import { EndpointEditor } from '../../config/edit/editor.ts'
import { ConfigLoader, type LoadedConfig } from '../../config/live/config-loader.ts'
import { FileSource } from '../../config/live/file-config-source.ts'
import { restartProblems } from '../../config/live/needs-restart.ts'
import { sayWarning } from '../../config/live/reload-log.ts'
import { Reloader } from '../../config/live/reloader.ts'
import { checkOf } from '../../config/read/health-check.ts'
import type { Settings } from '../../config/read/settings.ts'
import { auth } from '../../filters/auth/filter.ts'
import { bodyLimit } from '../../filters/body-limit/filter.ts'
import { breaker } from '../../filters/breaker/filter.ts'
import { concurrencyLimit } from '../../filters/concurrency-limit/filter.ts'
import { methodCheck } from '../../filters/method-check/filter.ts'
import { metrics as metricsFilter } from '../../filters/metrics/filter.ts'
import { outlierDetection } from '../../filters/outlier-detection/filter.ts'
import { proxy } from '../../filters/proxy/filter.ts'
import { requestId } from '../../filters/request-id/filter.ts'
import { retry } from '../../filters/retry/filter.ts'
import { routeMatch } from '../../filters/route-match/filter.ts'
import manifest from '../../package.json' with { type: 'json' }
import { admin } from '../../plugins/admin/filter.ts'
import { echoService } from '../../plugins/echo/echo-service.ts'
import { HealthChecker } from '../../plugins/health/health-checker.ts'
import { startTelemetry } from '../../plugins/telemetry/telemetry.ts'
import { type Service, type ServiceKey, StatusKey } from '../api/service.ts'
import { systemClock } from '../base/clock.ts'
import { FileCheck } from '../base/files.ts'
import { TimerWheel } from '../base/timer-wheel.ts'
import { Catalog } from '../build/catalog.ts'
import { loadPlugins } from '../build/plugin-loader.ts'
import { checkSpec } from '../build/snapshot.ts'
import { Runtime } from '../chain/runtime.ts'
import { ConfigKey, type Trigger } from '../control/config-control.ts'
import { ConfigError, type Problem } from '../control/config-error.ts'
import { EndpointControlKey } from '../control/endpoint-control.ts'
import { HealthKey } from '../control/health-control.ts'
import { BatchedAccessLog } from '../observe/access-log.ts'
import { fdDestination, type LogDestination } from '../observe/log-destination.ts'
import { Metrics } from '../observe/metrics.ts'
import { reportRegistry } from '../observe/registry-report.ts'
import { makeLogger, type RootLogger } from '../observe/root-logger.ts'
import { surviveUnhandledErrors } from '../observe/unhandled-errors.ts'
import { Gateway } from './gateway.ts'
import { untilStopped } from './shutdown.ts'

const BUILT_IN = new Catalog(
  [
    requestId,
    auth,
    routeMatch,
    methodCheck,
    bodyLimit,
    retry,
    concurrencyLimit,
    breaker,
    outlierDetection,
    proxy,
    metricsFilter,
    admin,
  ].map((filter) => [filter, 'built in'] as const),
)

/**
 * Runs the command line and ends the process with the exit code. Left to itself it could live on: what a plugin started,
 * or an exporter's retry, would keep it.
 */
export async function main(args: string[]): Promise<never> {
  // The gateway starts without the commands that it doesn't need.
  const others = args[0] === 'run' ? [] : (await import('../../config/commands/index.ts')).COMMANDS
  const code = await dispatch(args, [RUN, ...others], HOST, {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    style: styleFor(process.stderr, process.env),
  })
  await new Promise((resolve) => process.stdout.write('', resolve))
  process.exit(code)
}

const RUN: Command = {
  name: 'run',
  summary: 'start the gateway',
  takes: [],
  options: {
    config: {
      ...CONFIG_OPTION,
      help: `the configuration (default: ${DEFAULT_FILE}, which is written if it is not there)`,
    },
  },
  text: `Starts the gateway and runs until SIGTERM or SIGINT: then requests in flight finish and it exits with 0. A second signal
exits at once. SIGHUP loads the configuration again.`,
  examples: ['weir run', 'weir run --config staging.yaml'],
  async run({ values }) {
    await run(values.config as string | undefined)
    return { text: '' }
  },
}

/** For commands that make filters and serve nothing. */
const HOST: Host = {
  version: manifest.version,
  catalog: async (config) => (config === undefined ? BUILT_IN : catalogOf(config)),
  services: services(
    new Metrics(),
    () => ({}),
    [ConfigKey, EndpointControlKey, HealthKey].map((key) => [key as ServiceKey<unknown>, {}] as const),
  ),
}

/** Starts the gateway and resolves when it was asked to stop and has. */
async function run(given: string | undefined): Promise<void> {
  const file = given ?? DEFAULT_FILE
  const written = given === undefined && !existsSync(file)
  if (written) await writeDefaultFile(file)
  const source = new FileSource(file)
  const loader = new ConfigLoader(source, process.env, async (part) => checkSpec(part.spec, await catalogOf(part)))
  const config = await loader.load()
  const destination = fdDestination()
  const logger = makeLogger({ level: config.settings.logLevel, destination })
  try {
    if (written) logger.info({ file }, `there was no ${file}: a commented one was written, and Weir runs on it`)
    for (const notice of config.notices) logger.warn({}, notice)
    const { stopped } = await start({ config, source, loader }, logger, destination)
    await stopped
    logger.info({}, 'stopped')
  } catch (error) {
    throw located(error, config)
  } finally {
    logger.flushSync()
  }
}

/** Builds and starts every part. The promise inside resolves when all of it has stopped. */
async function start(
  { config, source, loader }: { config: LoadedConfig; source: FileSource; loader: ConfigLoader },
  logger: RootLogger,
  destination: LogDestination,
): Promise<{ stopped: Promise<void> }> {
  let { settings } = config
  const metrics = new Metrics({ process: true })
  const timers = new TimerWheel({ onError: (error) => logger.error({ err: error }, 'a deadline failed') })
  surviveUnhandledErrors(logger, metrics)
  const telemetry = await startTelemetry(settings.tracing, { log: logger })
  const accessLog = new BatchedAccessLog({ destination, timers, meter: metrics })
  const runtime = new Runtime({ clock: systemClock, timers, logger, meter: metrics, tracing: telemetry?.tracing })
  const conditions = { configuration: false, listeners: false, running: true }
  let reloader: Reloader | undefined
  const editor = new EndpointEditor({
    source,
    loader,
    reloader: () => reloader!,
    registry: () => gateway.registry,
    log: logger,
    meter: metrics,
    clock: systemClock,
  })
  process.on('SIGHUP', () => void reloader?.reload('signal'))
  const gateway = new Gateway({
    runtime,
    catalog: await catalogOf(config),
    services: services(metrics, () => conditions, [
      [ConfigKey, { status: () => reloader!.status(), reload: (trigger: Trigger) => reloader!.reload(trigger) }],
      [EndpointControlKey, editor],
      [HealthKey, { checkNow: (endpoint?: string) => health.checkNow(endpoint) }],
    ]),
    baseDir: settings.baseDir,
  })
  reportRegistry(gateway.registry, logger, metrics)
  const health = new HealthChecker({ registry: gateway.registry, timers, clock: systemClock, meter: metrics })
  const use = (next: Settings): void => {
    settings = next
    logger.setLevel(next.logLevel)
    runtime.accessLog = next.accessLog && isLogged(next.logLevel) ? accessLog : undefined
    gateway.trust(next.trustedProxies)
    gateway.limit(next.downstream)
    runtime.overload.limit(next.overload)
  }
  use(settings)
  let echo: Service | undefined
  const warnings = await gateway.load(config.spec)
  for (const problem of [...config.warnings, ...warnings]) sayWarning(logger, plainProblem(problem, config.source))
  const check = ({ healthCheck }: Settings): void => health.apply((endpoint) => checkOf(healthCheck, endpoint))
  health.start()
  check(settings)
  conditions.configuration = true
  reloader = new Reloader({
    source,
    loader,
    live: config,
    warnings,
    apply: async (next, live, commit) => {
      const problems = restartProblems(live.settings, next.settings)
      if (problems.length > 0) throw new ConfigError(problems)
      const same = isDeepStrictEqual(live.settings.echo, next.settings.echo)
      let other = same
        ? echo
        : await startEcho(next.settings.echo).catch(({ message }: Error) => {
            throw new ConfigError([{ path: ['echo', 'listen'], message }])
          })
      try {
        const found = await gateway.load(next.spec, await catalogOf(next), commit)
        // What is not in use when this is over is stopped.
        ;[echo, other] = [other, echo]
        use(next.settings)
        check(next.settings)
        return found
      } finally {
        if (!same) void other?.stop()
      }
    },
    filesRead: () => [...(gateway.live?.files.keys() ?? [])],
    filesChanged: () => new FileCheck().changed(gateway.live?.files ?? new Map()),
    log: logger,
    meter: metrics,
    clock: systemClock,
  })
  echo = await startEcho(settings.echo)
  await gateway.open()
  await reloader.start()
  conditions.listeners = true
  for (const { name } of config.spec.listeners) {
    const { address, port } = gateway.address(name)!
    logger.info(
      { listener: name, address, port },
      `${name} listens on ${address.includes(':') ? `[${address}]` : address}:${port}`,
    )
  }
  logger.flushSync() // whoever waits for these lines need not wait for a batch
  const stopped = untilStopped({
    graceMs: () => settings.shutdown.gracePeriodMs,
    unready: () => {
      conditions.running = false
      logger.info({}, 'stopping: requests in flight finish')
      gateway.drain()
    },
    close: async () => {
      await reloader.stop()
      await health.stop()
      const clean = await gateway.close(settings.shutdown.timeoutMs)
      if (!clean) logger.warn({}, 'requests that were still in flight at the deadline were cut')
      await echo?.stop()
      await telemetry?.stop()
      accessLog.flushSync()
    },
    flush: () => {
      accessLog.flushSync()
      logger.flushSync()
    },
  })
  return { stopped }
}

function services(
  metrics: Metrics,
  checks: () => Record<string, boolean>,
  controls: readonly (readonly [ServiceKey<unknown>, unknown])[],
): ReadonlyMap<ServiceKey<unknown>, unknown> {
  const ready = (): boolean => Object.values(checks()).every(Boolean)
  return new Map<ServiceKey<unknown>, unknown>([
    [StatusKey, { version: manifest.version, ready, checks, metrics: () => metrics.expose() }],
    ...controls,
  ])
}

/** The built-in filters and the plugins' own. */
async function catalogOf({ settings }: Pick<LoadedConfig, 'settings'>): Promise<Catalog> {
  const problems: Problem[] = []
  let catalog = BUILT_IN
  for (const entry of await loadPlugins(settings.plugins, settings.baseDir)) {
    try {
      catalog = catalog.with([entry])
    } catch (error) {
      const path = settings.plugins.find(({ specifier }) => specifier === entry[1])?.at ?? ['plugins']
      problems.push({ path, message: (error as Error).message })
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return catalog
}

async function startEcho(address: Settings['echo']): Promise<Service | undefined> {
  if (address === undefined) return undefined
  const echo = echoService({ host: address.host ?? '127.0.0.1', port: address.port })
  await echo.start()
  return echo
}

const isLogged = (level: string): boolean => ['trace', 'debug', 'info'].includes(level)
