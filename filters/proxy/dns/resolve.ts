import { lookup, Resolver } from 'node:dns/promises'

export interface Address {
  readonly address: string
  readonly family: number
}

export interface Resolution {
  /** In the order in which a connect should use them; never empty. */
  readonly addresses: readonly Address[]
  /** How long they hold, in milliseconds; undefined if not known. A promise, so that requests need not wait for it. Never rejects. */
  readonly ttl: Promise<number | undefined>
}

/** Resolves a name. Rejects with a system error (`code` ENOTFOUND, EAI_AGAIN …) if it has no addresses. */
export type Resolve = (name: string) => Promise<Resolution>

/** Shorter than the defaults of c-ares, 5 s and four tries: a request waits here. */
const TIMEOUTS = { timeout: 2000, tries: 2 }

/**
 * Resolves like the machine, with /etc/hosts, search domains and nsswitch.conf. The system reports no TTL, so name servers are asked
 * for it; theirs counts if they know the same addresses.
 */
export const systemResolve =
  (ask: typeof allOf = allOf, resolver = new Resolver(TIMEOUTS)): Resolve =>
  async (name) => {
    const addresses = await ask(name)
    if (addresses.length === 0) throw noAddress(name)
    return { addresses, ttl: ttlOf(resolver, name, addresses) }
  }

const allOf = (name: string): Promise<readonly Address[]> => lookup(name, { all: true, order: 'verbatim' })

/**
 * Resolves with these name servers only (RFC 1034 §5).
 * @param servers `address` or `address:port`
 */
export const resolveAt = (servers: readonly string[]): Resolve => {
  const resolver = new Resolver(TIMEOUTS)
  resolver.setServers([...servers])
  return async (name) => {
    const results = await Promise.allSettled([records(resolver, name, 4), records(resolver, name, 6)])
    const found = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
    if (found.length > 0) return { addresses: found, ttl: Promise.resolve(shortest(found)) }
    // The error of a server that is down is more useful than that of a name without AAAA records.
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []))
    throw (
      failures.find((error) => (error as NodeJS.ErrnoException).code !== 'ENODATA') ?? failures[0] ?? noAddress(name)
    )
  }
}

interface AddressRecord extends Address {
  /** Seconds. */
  readonly ttl: number
}

async function records(resolver: Resolver, name: string, family: 4 | 6): Promise<readonly AddressRecord[]> {
  const found = await (family === 4 ? resolver.resolve4(name, { ttl: true }) : resolver.resolve6(name, { ttl: true }))
  return found.map((each) => ({ ...each, family }))
}

async function ttlOf(resolver: Resolver, name: string, addresses: readonly Address[]): Promise<number | undefined> {
  const families = ([4, 6] as const).filter((family) => addresses.some((each) => each.family === family))
  try {
    const found = (await Promise.all(families.map((family) => records(resolver, name, family)))).flat()
    const known = new Set(found.map(({ address }) => address))
    return addresses.every(({ address }) => known.has(address)) ? shortest(found) : undefined
  } catch {
    return undefined // the name comes from /etc/hosts or a search domain
  }
}

const shortest = (found: readonly AddressRecord[]): number => Math.min(...found.map(({ ttl }) => ttl)) * 1000

const noAddress = (name: string): Error => Object.assign(new Error(`${name} has no address`), { code: 'ENODATA' })
