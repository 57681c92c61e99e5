import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import type { Command, Host } from '../../../config/commands/command.ts'
import { diff } from '../../../config/commands/diff.ts'
import { dispatch } from '../../../config/commands/dispatch.ts'
import { explain } from '../../../config/commands/explain.ts'
import { init } from '../../../config/commands/init.ts'
import { plugins } from '../../../config/commands/plugins.ts'
import { printSchema } from '../../../config/commands/print-schema.ts'
import type { Style } from '../../../config/commands/report.ts'
import { routes } from '../../../config/commands/routes.ts'
import { validate } from '../../../config/commands/validate.ts'
import { version } from '../../../config/commands/version.ts'
import type { FilterFactory } from '../../../core/api/filter-factory.ts'
import { type GatewayStatus, GatewayStatusKey, type ServiceKey } from '../../../core/api/service.ts'
import { Catalog } from '../../../core/build/catalog.ts'
import { loadPlugins } from '../../../core/build/plugin-loader.ts'
import { type ConfigControl, ConfigControlKey } from '../../../core/control/config-control.ts'
import { type EndpointControl, EndpointControlKey } from '../../../core/control/endpoint-control.ts'
import { type HealthControl, HealthControlKey } from '../../../core/control/health-control.ts'
import { FILTERS } from '../../../core/main/built-in.ts'

const COMMANDS: readonly Command[] = [validate, init, routes, explain, diff, plugins, printSchema, version]

/** What the command line gets from core/main/main.ts, with further filters. */
function hostWith(more: readonly FilterFactory[]): Host {
  const builtIn = new Catalog([...FILTERS, ...more].map((filter) => [filter, 'built in'] as const))
  return {
    version: '1.2.3',
    catalog: async (config) =>
      config === undefined
        ? builtIn
        : builtIn.with(await loadPlugins(config.settings.plugins, config.settings.baseDir)),
    services: new Map<ServiceKey<unknown>, unknown>([
      [GatewayStatusKey, {} as GatewayStatus],
      [ConfigControlKey, {} as ConfigControl],
      [EndpointControlKey, {} as EndpointControl],
      [HealthControlKey, {} as HealthControl],
    ]),
  }
}

/** Goes into a folder of its own with these files in it, removed when the test is over. */
export function inFolder(t: Test, files: Readonly<Record<string, string>> = {}): string {
  const before = process.cwd()
  const dir = mkdtempSync(join(tmpdir(), 'weir-commands-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  process.chdir(dir)
  t.teardown(() => {
    process.chdir(before)
    rmSync(dir, { recursive: true, force: true })
  })
  return dir
}

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
  /** The JSON that was printed. */
  json(): Record<string, unknown>
}

/** Runs a command line in this process and folder. */
export async function weir(
  args: readonly string[],
  {
    style = { colour: false, excerpts: false },
    filters = [],
  }: { style?: Style; filters?: readonly FilterFactory[] } = {},
): Promise<Said> {
  let out = ''
  let err = ''
  const code = await dispatch(args, COMMANDS, hostWith(filters), {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    style,
  })
  return { code, out, err, json: () => JSON.parse(out) as Record<string, unknown> }
}
