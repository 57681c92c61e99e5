// Weir's command line and configuration for a case.
import { join } from 'node:path'
import { DEFAULT_CHAIN } from './filter-chains.ts'
import { publicKey } from './jwt.ts'
import type { Place } from './sandbox.ts'

export interface WeirOptions {
  /** YAML of more keys at the top level. */
  readonly yaml?: string
  /** Number of endpoints; more than one are named `bench0` and so on. Default: one, `bench`. */
  readonly endpoints?: number
  readonly accessLog?: boolean
  /** Every request needs a token of `jwt.ts`. */
  readonly auth?: boolean
  /** YAML of each entry of the chain; where requests need a token, its entry `auth` gets the key. Default: the default chain. */
  readonly chain?: readonly string[]
  readonly env?: (upstream: string) => Readonly<Record<string, string>>
}

export const ROOT: string = join(import.meta.dirname, '../..')

/** The key `filters`; nothing where the chain is the default. */
function filters({ auth = false, chain }: WeirOptions): string {
  if (chain === undefined && !auth) return ''
  const withKey = (entry: string): string =>
    auth && entry === 'auth' ? `auth: { algorithm: RS256, public_key: ${JSON.stringify(publicKey())} }` : entry
  return `filters:\n${(chain ?? DEFAULT_CHAIN).map((entry) => `  - ${withKey(entry)}\n`).join('')}`
}

export interface WeirStart {
  readonly command: readonly [file: string, ...args: string[]]
  readonly yaml: string
  readonly env: Readonly<Record<string, string>>
}

/** Path of the endpoint `bench`, and of those with a number. */
export const PATH = '/orchestrator/v1/bench'

export function weir(options: WeirOptions, { port, upstream, checkout = ROOT }: Place): WeirStart {
  const url = `http://127.0.0.1:${upstream}`
  const names =
    options.endpoints === undefined ? ['bench'] : Array.from({ length: options.endpoints }, (_, i) => `bench${i}`)
  const rest = options.auth === true ? ', auth_type: bearer' : ''
  const yaml = `listen: 127.0.0.1:${port}
admin: off
access_log: ${options.accessLog ?? false}
${filters(options)}
${options.yaml ?? ''}
endpoints:
${names.map((name) => `  - { name: ${name}, version: v1, url: "${url}"${rest} }\n`).join('')}`
  return {
    command: [process.execPath, join(checkout, 'core/launch.js')],
    yaml,
    env: { ...options.env?.(url) },
  }
}
