import { join } from 'node:path'
import { located } from '../../config/commands/report.ts'
import { systemClock } from '../base/clock.ts'
import { TimerWheel } from '../base/timer-wheel.ts'
import { Catalog } from '../build/catalog.ts'
import { loadedCode } from '../build/plugin-loader.ts'
import { checkSpec } from '../build/snapshot.ts'
import { OwnReports } from '../control/reports.ts'
import { Assembly } from '../main/assembly.ts'
import { catalogOf, FILTERS } from '../main/built-in.ts'
import { ExchangeRecords } from '../main/exchange-records.ts'
import { makeTrafficCounter } from '../main/traffic-counting.ts'
import { Metrics } from '../observe/metrics.ts'
import { FreePortLoader } from './free-ports.ts'
import type { GatewaySetup } from './gateway-setup.ts'
import { RecordingLogger } from './recording-logger.ts'
import { RecordingRuntime } from './recording-runtime.ts'
import { type ConfiguredGateway, testGateway } from './test-gateway.ts'
import { TextSource } from './text-source.ts'

/** Starts all that `weir run` starts, but signals, telemetry and the log of the process. */
export async function startYaml(yaml: string, setup: GatewaySetup): Promise<ConfiguredGateway> {
  const { dir, env = {}, filters = [], services = [], log } = setup
  const source = new TextSource(dir === undefined ? 'weir.yaml' : join(dir, 'weir.yaml'), yaml)
  const base = new Catalog([...FILTERS, ...filters].map((factory) => [factory, 'the test'] as const))
  const catalog = (config: Parameters<typeof catalogOf>[0]): Promise<Catalog> => catalogOf(config, base)
  const loader = new FreePortLoader(source, env, async (part) => checkSpec(part.spec, await catalog(part)))
  const config = await loader.load()
  const logger = Object.assign(new RecordingLogger([], {}, log), {
    setLevel() {},
    async setFormat() {},
    flushSync() {},
    destination: { write: () => true, flushSync() {}, on() {} },
  })
  const meter = new Metrics()
  const timers = new TimerWheel({ onError: (error) => logger.error({ err: error }, 'a deadline failed') })
  const runtime = new RecordingRuntime({ clock: systemClock, timers, logger, meter })
  const accessLog = { configure() {}, write() {}, flushSync() {} }
  const codeOf = ({ settings }: typeof config) => loadedCode(settings.plugins, settings.baseDir)
  const reports = new OwnReports()
  const parts = {
    config,
    source,
    loader,
    runtime,
    metrics: meter,
    logger,
    accessLog,
    reports,
    exchanges: new ExchangeRecords(runtime, reports),
    traffic: makeTrafficCounter(runtime, reports),
    catalogOf: catalog,
    codeOf,
    services,
  }
  const assembly = await Assembly.start(parts).catch((error: unknown) => {
    throw located(error, config)
  })
  const { gateway, reloader } = assembly
  return {
    ...testGateway({ gateway, runtime, meter, logs: logger.lines, close: () => assembly.stop() }),
    reload: async (text) => {
      source.text = text
      const outcome = await reloader.reload('api')
      if (outcome.outcome !== 'failed') return outcome
      const lines = outcome.problems.map(
        ({ file, line, col, path, message }) =>
          `${file}${line === undefined ? '' : `:${line}:${col}`} ${path}: ${message}`,
      )
      throw new Error(lines.join('\n'))
    },
  }
}
