import { lookup, Resolver } from 'node:dns/promises'

export interface Address {
  readonly address: string
  readonly family: number
}

export interface Resolution {
  /** In the order in which they are to be tried; never empty. */
  readonly addresses: readonly Address[]
  /** Milliseconds for which they hold, undefined if nobody says. Comes later, so that nobody waits for it; never rejects. */
  readonly ttl: Promise<number | undefined>
}

/** Asks for the addresses of a name. Rejects with a system error (`code` ENOTFOUND, EAI_AGAIN …) when there are none. */
export type Resolve = (name: string) => Promise<Resolution>

/** c-ares waits for 5 s and asks four times; whoever waits here has a request. */
const PATIENCE = { timeout: 2000, tries: 2 }

/**
 * As the machine resolves names: /etc/hosts, search domains and whatever else nsswitch.conf says count. That way tells no
 * TTL, so the name servers are asked for it, and believed if they know the same addresses.
 */
export const systemResolve =
  (ask: typeof allOf = allOf, resolver = new Resolver(PATIENCE)): Resolve =>
  async (name) => {
    const addresses = await ask(name)
    if (addresses.length === 0) throw noAddress(name)
    return { addresses, ttl: ttlOf(resolver, name, addresses) }
  }

const allOf = (name: string): Promise<readonly Address[]> => lookup(name, { all: true, order: 'verbatim' })

/**
 * As these name servers say, and nobody else (RFC 1034 §5).
 * @param servers `address` or `address:port`
 */
export const resolveAt = (servers: readonly string[]): Resolve => {
  const resolver = new Resolver(PATIENCE)
  resolver.setServers([...servers])
  return async (name) => {
    const answers = await Promise.allSettled([records(resolver, name, 4), records(resolver, name, 6)])
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    if (found.length > 0) return { addresses: found, ttl: Promise.resolve(shortest(found)) }
    // A server that is down says more than one that has no AAAA.
    const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Error] : []))
    throw (
      failures.find((error) => (error as NodeJS.ErrnoException).code !== 'ENODATA') ?? failures[0] ?? noAddress(name)
    )
  }
}

interface Rec extends Address {
  /** Seconds. */
  readonly ttl: number
}

async function records(resolver: Resolver, name: string, family: 4 | 6): Promise<readonly Rec[]> {
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
    return undefined // from /etc/hosts, or by a search domain
  }
}

const shortest = (found: readonly Rec[]): number => Math.min(...found.map(({ ttl }) => ttl)) * 1000

const noAddress = (name: string): Error => Object.assign(new Error(`${name} has no address`), { code: 'ENODATA' })
