import type { Endpoint } from '../api/endpoint.ts'
import { compareVersions, isRelease } from './compare-versions.ts'

/** A path that a name makes. */
interface NamedPath {
  readonly endpoint: Endpoint
  readonly path: string
  /** Position of the endpoint in the configuration. */
  readonly order: number
}

/** The paths of versions and names: `{prefix}/{version}/{name}`, and `{prefix}/{name}` for the best version of a name. */
export class NamedEndpoints {
  readonly #prefix: string
  readonly #versioned: NamedPath[] = []
  readonly #best = new Map<string, { readonly endpoint: Endpoint; readonly order: number }>()

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  add(endpoint: Endpoint, order: number): void {
    const { name, version } = endpoint
    if (version !== undefined) this.#versioned.push({ endpoint, path: `${this.#prefix}/${version}/${name}`, order })
    const best = this.#best.get(name)
    if (best === undefined || isBetter(endpoint, best.endpoint)) this.#best.set(name, { endpoint, order })
  }

  *all(): Iterable<NamedPath> {
    yield* this.#versioned
    for (const [name, best] of this.#best) yield { ...best, path: `${this.#prefix}/${name}` }
  }
}

/**
 * Which endpoint the name alone leads to: one without version; else a release, even one that is out of service, because clients that
 * name no version must not meet a pre-release by surprise; else an active one; else the highest version.
 */
function isBetter(a: Endpoint, b: Endpoint): boolean {
  if (b.version === undefined) return false
  if (a.version === undefined) return true
  const release = isRelease(a.version)
  if (release !== isRelease(b.version)) return release
  if ((a.status === 'active') !== (b.status === 'active')) return a.status === 'active'
  return compareVersions(a.version, b.version) > 0
}
