import t from 'tap'
import type { Settings } from '../../../config/read/settings.ts'
import type { Gateway } from '../../../core/main/gateway.ts'
import { applySettings, type SettingsParts } from '../../../core/main/live-settings.ts'
import { LogLevels } from '../../../core/main/log-levels.ts'

t.test('the limit on memory is divided between processes, those on requests and lag are not', async (t) => {
  const limits: unknown[] = []
  const ignore = (): void => {}
  const gateway = {
    trust: ignore,
    clean: ignore,
    limit: ignore,
    overload: { limit: (one: unknown) => limits.push(one) },
  }
  const logger = { setLevel: ignore, setFormat: ignore }
  const runtime = { observe: ignore }
  const parts = {
    runtime,
    logger,
    accessLog: { configure: ignore },
    levels: new LogLevels(),
    exchanges: { configure: ignore },
  }
  const settings = { logLevel: 'info', accessLog: {}, overload: { maxRequests: 10, maxMemory: 400, maxLagMs: 5 } }
  for (const processes of [undefined, 4])
    applySettings(
      gateway as unknown as Gateway,
      parts as unknown as SettingsParts,
      settings as unknown as Settings,
      processes,
    )
  t.strictSame(limits, [
    { maxRequests: 10, maxMemory: 400, maxLagMs: 5 },
    { maxRequests: 10, maxMemory: 100, maxLagMs: 5 },
  ])
})
