import { normalHost } from '../base/normal-host.ts'
import { type Candidate, HostRoutes } from './host-routes.ts'

const HOST = /^(?:\*\.)?(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/
/** A longer host is no host name (RFC 1035 §2.3.4) and is not looked up. */
const MAX_HOST = 255

/** Normal form of a host pattern; undefined if it is none. */
export function hostPattern(written: string): string | undefined {
  const host = normalHost(written)
  return HOST.test(host) && !/:\d*$/.test(written) ? host : undefined
}

/** Routes by host: the exact one is looked at first, then the `*.` patterns from the longest, then what names no host. */
export class RoutesByHost {
  readonly #anywhere = new HostRoutes()
  readonly #exact = new Map<string, HostRoutes>()
  /** By the part behind the `*`: `.example.com`. */
  readonly #wildcard = new Map<string, HostRoutes>()

  /** The routes of a host pattern in normal form, made if there are none. @param host empty: every host */
  of(host: string): HostRoutes {
    if (host === '') return this.#anywhere
    const [routes, key] = host.startsWith('*') ? [this.#wildcard, host.slice(1)] : [this.#exact, host]
    let found = routes.get(key)
    if (found === undefined) {
      found = new HostRoutes()
      routes.set(key, found)
    }
    return found
  }

  /** All are added. @returns what is wrong with those of one host together */
  complete(): readonly string[] {
    const all = [this.#anywhere, ...this.#exact.values(), ...this.#wildcard.values()]
    return [...new Set(all.flatMap((routes) => routes.complete() ?? []))]
  }

  /**
   * Visits what matches, in order of precedence, until a visit returns true.
   * @param host `host[:port]` as the client sent it
   * @param path normal form
   * @throws TooLongError
   */
  find(host: string, path: string, visit: (found: Candidate) => boolean): boolean {
    if (this.#exact.size > 0 || this.#wildcard.size > 0) {
      const name = normalHost(host)
      if (name.length <= MAX_HOST && this.#onHost(name, path, visit)) return true
    }
    return this.#anywhere.find(path, visit)
  }

  #onHost(name: string, path: string, visit: (found: Candidate) => boolean): boolean {
    if (this.#exact.get(name)?.find(path, visit)) return true
    if (this.#wildcard.size === 0) return false
    for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1))
      if (this.#wildcard.get(name.slice(dot))?.find(path, visit)) return true
    return false
  }
}
