// Weir's command line and configuration for a case.
import { join } from 'node:path'

export interface WeirOptions {
  /** YAML of more keys at the top level. */
  readonly yaml?: string
  /** Number of endpoints; more than one are named `bench0` and so on. Default: one, `bench`. */
  readonly endpoints?: number
  readonly accessLog?: boolean
  readonly env?: (upstream: string) => Readonly<Record<string, string>>
  /** Folder of the checkout. Default: this one. */
  readonly checkout?: string
}

export const ROOT: string = join(import.meta.dirname, '../..')

export interface WeirStart {
  readonly command: readonly [file: string, ...args: string[]]
  readonly yaml: string
  readonly env: Readonly<Record<string, string>>
}

/** Path of the endpoint `bench`, and of those with a number. */
export const PATH = '/orchestrator/v1/bench'

export function weir(options: WeirOptions, port: number, upstream: number): WeirStart {
  const url = `http://127.0.0.1:${upstream}`
  const names =
    options.endpoints === undefined ? ['bench'] : Array.from({ length: options.endpoints }, (_, i) => `bench${i}`)
  const yaml = `listen: 127.0.0.1:${port}
admin: off
access_log: ${options.accessLog ?? false}
${options.yaml ?? ''}
endpoints:
${names.map((name) => `  - { name: ${name}, version: v1, url: "${url}" }\n`).join('')}`
  return {
    command: [process.execPath, join(options.checkout ?? ROOT, 'core/launch.js')],
    yaml,
    // The environment of the shell must not change what is measured.
    env: { WEIR_WORKERS: '', OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_TRACES_EXPORTER: '', ...options.env?.(url) },
  }
}
