import { type Downstream, type Exchange, equalsIgnoreCase, type Target } from '../../core/index.ts'
import { droppedPrefix } from './dropped-prefix.ts'

/** What of a response is mapped from the upstream's side to the client's. */
export interface MappingRules {
  readonly location: boolean
  /** Paths by path, or `auto`: as the gateway mapped the path of the request; undefined: none. */
  readonly cookiePath: Readonly<Record<string, string>> | 'auto' | undefined
  /** Domains by domain in lower case; an empty one is removed. */
  readonly cookieDomain: Readonly<Record<string, string>>
}

/** Maps fields of the responses of one target that say where something is: the client sees another address than the upstream. */
export class ResponseMapping {
  readonly #base: string
  /** Beginnings of URLs that lead to a target of the endpoint, and the base path behind them. */
  readonly #origins: readonly (readonly [start: string, base: string])[]
  readonly #rules: MappingRules

  /** @param targets all targets of the endpoint: one may name another */
  constructor(target: Target, targets: readonly Target[], rules: MappingRules) {
    this.#base = target.basePath
    this.#origins = targets.flatMap(({ origin, basePath }) => {
      const port = /:\d+$/.test(origin) ? [] : [`${origin}:${origin.startsWith('https:') ? 443 : 80}`]
      const urls = [origin, ...port]
      return [...urls, ...urls.map((url) => url.slice(url.indexOf('//')))].map((start) => [start, basePath] as const)
    })
    this.#rules = rules
  }

  /** A `Location` or `Content-Location` (RFC 9110 §10.2.2, §8.7). What leads elsewhere, or is relative, stays as it is. */
  location(value: string, x: Exchange): string {
    if (!this.#rules.location) return value
    if (value.startsWith('/') && !leadsAway(value)) {
      const path = mapped(value, this.#base, droppedPrefix(x))
      if (path === undefined) return value
      // A path of an upstream must not become the name of a host.
      return leadsAway(path) ? (absolute(path, x.downstream) ?? value) : path
    }
    for (const [start, base] of this.#origins) {
      if (!equalsIgnoreCase(value.slice(0, start.length), start) || !/^(?:$|[/?#])/.test(value.slice(start.length)))
        continue
      const path = mapped(value.slice(start.length), base, droppedPrefix(x))
      if (path === undefined) return value
      return absolute(path, x.downstream) ?? (leadsAway(path) ? value : path)
    }
    return value
  }

  /** A `Set-Cookie` (RFC 6265 §4.1). All but the values of `Path` and `Domain` stays byte for byte. */
  setCookie(value: string, x: Exchange): string {
    // §4.1.3.2 of RFC 6265bis: such a cookie is for the whole host, and without a domain.
    if (/^\s*__Host-/i.test(value)) return value
    const kept: string[] = []
    for (const [i, part] of value.split(';').entries()) {
      const [, name = '', given = ''] = i === 0 ? [] : (/^\s*(path|domain)\s*=\s*(.*?)\s*$/i.exec(part) ?? [])
      const changed =
        name === '' ? given : name.length === 4 ? this.#cookiePath(given, x) : this.#cookieDomain(given.toLowerCase())
      if (changed === undefined || name === '') kept.push(part)
      else if (changed !== '') kept.push(` ${name}=${changed}`)
    }
    return kept.join(';')
  }

  /** The path of a cookie as the client should see it; undefined if it stays. */
  #cookiePath(path: string, x: Exchange): string | undefined {
    const rules = this.#rules.cookiePath
    if (rules === undefined || !path.startsWith('/')) return undefined
    // A cookie for all of the upstream's host may be for several endpoints, and reaches this one.
    if (rules === 'auto') return path === '/' ? undefined : mapped(path, this.#base, droppedPrefix(x))
    const from = Object.keys(rules)
      .filter((one) => isUnder(path, trimmed(one)))
      .sort((a, b) => b.length - a.length)[0]
    if (from === undefined || path === from) return from && rules[from]
    return trimmed(rules[from]!) + path.slice(trimmed(from).length) || '/'
  }

  #cookieDomain(domain: string): string | undefined {
    const name = domain.replace(/^\./, '')
    return Object.hasOwn(this.#rules.cookieDomain, name) ? this.#rules.cookieDomain[name] : undefined
  }
}

/** Whether browsers take what follows for a host: `//host`, `/\host` too, and with tabs between, which they remove (WHATWG URL §4.4). */
const leadsAway = (reference: string): boolean => /^[/\\]\t*[/\\]/.test(reference)

const trimmed = (path: string): string => path.replace(/\/+$/, '')

/** Whether a path is the base or below it, by whole segments. */
const isUnder = (path: string, base: string): boolean =>
  path.startsWith(base) && /^(?:$|[/?#])/.test(path.slice(base.length))

/** A path of the upstream, with what follows it, on the client's side; undefined if it isn't below the base path. */
function mapped(path: string, base: string, prefix: string): string | undefined {
  // Some upstreams know `X-Forwarded-Prefix`.
  if (prefix !== '' && isUnder(path, prefix)) return path
  if (!isUnder(path, base)) return undefined
  const rest = prefix + path.slice(base.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** The path as a URL of the gateway, as the client asked for it; undefined if it named no host. */
const absolute = (path: string, { scheme, publicHost }: Downstream): string | undefined =>
  publicHost === '' ? undefined : `${scheme}://${publicHost}${path}`
