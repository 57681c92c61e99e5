import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocatedConfigError } from '../../config/document/located-config-error.ts'
import { type LoadedConfig, parseConfig } from '../../config/live/config-loader.ts'
import type { FilterSpec } from '../../core/control/gateway-spec.ts'

type Env = Readonly<Record<string, string>>

export function parse(text: string, env: Env = {}): LoadedConfig {
  return parseConfig(text, { file: 'weir.yaml', env })
}

/** The lines of the error that a text gives, without the name of the file; an empty list when it loads. */
export function problems(text: string, env: Env = {}): string[] {
  try {
    parse(text, env)
  } catch (error) {
    if (!(error instanceof LocatedConfigError)) throw error
    return error.message.split('\n').map((line) => line.replace(/^weir\.yaml:? ?/, ''))
  }
  return []
}

export function warnings(text: string): string[] {
  const config = parse(text)
  return config.warnings.map((problem) => config.document.format(problem).replace(/^weir\.yaml:/, ''))
}

/** A document with one endpoint, whose further keys are given as lines. */
export function endpoint(keys: string, rest = ''): string {
  const lines = keys.split('\n').map((line) => `    ${line}\n`)
  return `endpoints:\n  - name: api\n    url: http://upstream\n${lines.join('')}${rest}`
}

/** A filter of the proxy listener's chain. */
export function filter(config: LoadedConfig, name: string): FilterSpec | undefined {
  return config.spec.listeners[0]?.chain.find((entry) => entry.name === name)
}

/** A file path in a folder of its own, and how to remove it. */
export function tempFile(name = 'weir.yaml'): { file: string; dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'weir-config-'))
  return { file: join(dir, name), dir, remove: () => rmSync(dir, { recursive: true, force: true }) }
}
