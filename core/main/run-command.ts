import { existsSync } from 'node:fs'
import { CONFIG_OPTION, type Command, DEFAULT_FILE, type Host } from '../../config/commands/command.ts'
import { writeDefaultFile } from '../../config/commands/default-file.ts'
import { located } from '../../config/commands/report.ts'
import { ConfigLoader, type LoadedConfig } from '../../config/live/config-loader.ts'
import { FileConfigSource } from '../../config/live/file-config-source.ts'
import { systemClock } from '../base/clock.ts'
import { letYoungGenerationGrow } from '../base/young-generation.ts'
import { loadedCode } from '../build/plugin-loader.ts'
import { checkSpec } from '../build/snapshot.ts'
import { HeldSockets } from '../fleet/held-sockets.ts'
import { fdDestination } from '../observe/log-destination.ts'
import { makeLogger, type RootLogger } from '../observe/root-logger.ts'
import { Assembly } from './assembly.ts'
import type { AssemblyParts } from './assembly-parts.ts'
import { BUILT_IN, catalogOf } from './built-in.ts'
import { startProcessParts } from './process-parts.ts'
import { notRouting } from './served-parts.ts'
import { IDLE_SERVICES, VERSION } from './services.ts'
import { type Shutdown, untilStopped } from './shutdown.ts'
import { type Signals, takeSignals } from './signals.ts'
import { workerCount } from './worker-count.ts'
import { Workers } from './workers.ts'

/** @param signals caught since the start of the process */
export const runCommand = (signals: Signals): Command => ({
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
    await run(values.config as string | undefined, signals)
    return { text: '' }
  },
})

/** For commands that create filters and serve nothing. */
export const HOST: Host = {
  version: VERSION,
  catalog: async (config) => (config === undefined ? BUILT_IN : catalogOf(config)),
  services: IDLE_SERVICES,
}

/** Starts the gateway. Resolves when it has stopped, after a signal. */
async function run(given: string | undefined, signals: Signals): Promise<void> {
  const file = given ?? DEFAULT_FILE
  const written = given === undefined && !existsSync(file)
  if (written) await writeDefaultFile(file)
  const source = new FileConfigSource(file)
  const loader = new ConfigLoader(source, process.env, async (part) => checkSpec(part.spec, await catalogOf(part)))
  const config = await loader.load()
  const { logLevel, logFormat, logTime, logLevelNames } = config.settings
  const count = workerCount(config.settings, process.env)
  const destination = fdDestination(1, count > 1)
  const logger = makeLogger({ level: logLevel, destination })
  await logger.setFormat(logFormat, { isoTime: logTime === 'iso', levelNames: logLevelNames })
  try {
    if (written) logger.info({ file }, `there was no ${file}: a commented one was written, and Weir runs on it`)
    for (const notice of config.notices) logger.warn({}, notice)
    await serve({ config, source, loader, logger }, count, signals)
    logger.info({}, 'stopped')
  } catch (error) {
    throw located(error, config)
  } finally {
    logger.flushSync()
  }
}

/** Starts every part of the process. @param count number of workers. Resolves when all of them have stopped. */
async function serve(
  parts: Pick<AssemblyParts, 'config' | 'source' | 'loader' | 'logger'>,
  count: number,
  signals: Signals,
): Promise<void> {
  const { logger, config } = parts
  const own = await startProcessParts(logger, config.settings)
  if (count > 1 && !HeldSockets.supported)
    logger.warn(
      { workers: count },
      'workers need net.BoundSocket (Node 26.4, or a late 24): one process serves everything',
    )
  const workers =
    count === 1 || !HeldSockets.supported
      ? undefined
      : await Workers.hold(count, config, { log: logger, clock: systemClock })
  const assembly = {
    ...parts,
    ...own,
    workers,
    catalogOf: async (next: Pick<LoadedConfig, 'spec' | 'settings'>) =>
      runsPlugins(next, workers) ? catalogOf(next) : BUILT_IN,
    codeOf: (next: LoadedConfig) =>
      runsPlugins(next, workers) ? loadedCode(next.settings.plugins, next.settings.baseDir) : new Map(),
  }
  const running = await Assembly.start(assembly).catch((error: unknown) => {
    workers?.fleet.kill()
    throw error
  })
  logListeners(running, workers, config.spec.listeners, logger)
  letYoungGenerationGrow()
  const steps: Shutdown = {
    graceMs: () => running.settings.shutdown.gracePeriodMs,
    unready: () => {
      logger.info({}, 'stopping: requests in flight finish')
      running.drain()
    },
    close: async () => {
      const clean = await running.stop()
      if (!clean) logger.warn({}, 'requests were still in flight at the deadline and were cut')
      await own.stop()
    },
    flush: () => {
      workers?.fleet.exit()
      own.flush()
    },
  }
  await untilStopped(steps, (stop) =>
    takeSignals(signals, (signal) => (signal === 'SIGHUP' ? void running.reloader.reload('signal') : stop())),
  )
}

/** A primary imports the code of plugins only where a listener of its own has their filters. */
function runsPlugins(config: Pick<LoadedConfig, 'spec'>, workers: Workers | undefined): boolean {
  if (workers === undefined) return true
  const filters = notRouting(config.spec).listeners.flatMap(({ chain }) => chain)
  return filters.some(({ factory }) => BUILT_IN.get(factory) === undefined)
}

function logListeners(
  { gateway }: Assembly,
  workers: Workers | undefined,
  listeners: readonly { readonly name: string }[],
  logger: RootLogger,
): void {
  for (const { name } of listeners) {
    const { address, port } = (gateway.address(name) ?? workers?.address(name))!
    const host = address.includes(':') ? `[${address}]` : address
    logger.info({ listener: name, address, port }, `${name} listens on ${host}:${port}`)
  }
  logger.flushSync() // scripts and tests wait for these lines
}
