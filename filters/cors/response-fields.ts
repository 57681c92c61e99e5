import type { HeaderList } from '../../core/index.ts'
import type { AllowedOrigins } from './allowed-origins.ts'
import type { Options } from './options.ts'

const PREFIX = 'access-control-'

/** Writes what CORS says into the head of a response that is none to a preflight (Fetch §3.3.3). */
export class ResponseFields {
  readonly #origins: AllowedOrigins
  /** Names and values in turn. */
  readonly #fixed: readonly (readonly [name: string, value: string])[]

  constructor({ credentials, expose_headers }: Options, origins: AllowedOrigins) {
    this.#origins = origins
    this.#fixed = [
      ...(credentials ? [['Access-Control-Allow-Credentials', 'true'] as const] : []),
      ...(expose_headers.length > 0 ? [['Access-Control-Expose-Headers', expose_headers.join(', ')] as const] : []),
    ]
  }

  /**
   * What the upstream said of CORS goes: two values of `Access-Control-Allow-Origin` allow nothing, and one that is not the
   * gateway's may allow too much.
   * @param origin of the request; empty if it has none
   */
  write(headers: HeaderList, origin: string): void {
    removeAccessControl(headers)
    // Without an Origin too: a cache must not give this response to a page (Fetch, "CORS protocol and HTTP caches").
    if (!this.#origins.any) addVary(headers, 'Origin')
    const allowed = this.#origins.valueFor(origin)
    if (allowed === undefined) return
    headers.add('Access-Control-Allow-Origin', allowed)
    for (const [name, value] of this.#fixed) headers.add(name, value)
  }
}

function removeAccessControl(headers: HeaderList): void {
  const { raw } = headers
  let found: string[] | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!
    // Most names are shorter or begin with another letter.
    if (name.length < PREFIX.length || (name.charCodeAt(0) | 0x20) !== 0x61) continue
    if (name.slice(0, PREFIX.length).toLowerCase() !== PREFIX) continue
    found ??= []
    found.push(name)
  }
  for (const name of found ?? []) headers.delete(name)
}

/** Adds a name to `Vary`, unless it says so already (RFC 9110 §12.5.5). */
export function addVary(headers: HeaderList, name: string): void {
  if (!headers.has('vary')) return headers.add('Vary', name)
  const value = headers.joined('vary')!
  const names = value.split(',').map((one) => one.trim().toLowerCase())
  if (!names.includes('*') && !names.includes(name.toLowerCase())) headers.set('Vary', `${value}, ${name}`)
}
