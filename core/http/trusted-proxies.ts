import { BlockList, isIP } from 'node:net'

/** Address ranges of proxies in front of Weir, whose forwarding headers count. */
export class TrustedProxies {
  /** Whether the host that they forward decides about the route. */
  readonly routeByHost: boolean
  readonly #list = new BlockList()
  readonly #empty: boolean

  /** @param ranges addresses or CIDR ranges, already validated */
  constructor(ranges: readonly string[], routeByHost = false) {
    this.routeByHost = routeByHost
    this.#empty = ranges.length === 0
    for (const range of ranges) {
      const [address = '', prefix] = range.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (prefix === undefined) this.#list.addAddress(address, family)
      else this.#list.addSubnet(address, Number(prefix), family)
    }
  }

  has(address: string): boolean {
    if (this.#empty) return false
    const family = isIP(address)
    return family !== 0 && this.#list.check(address, family === 6 ? 'ipv6' : 'ipv4')
  }
}

/** An address without the prefix `::ffff:` that a dual-stack socket puts before IPv4 addresses. */
export const plainAddress = (address: string | undefined): string =>
  address === undefined ? '' : address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address

/** The address without port and brackets; undefined if there is none. */
export function bareAddress(hop: string): string | undefined {
  if (isIP(hop) !== 0) return plainAddress(hop)
  const match = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(hop)
  const address = match?.[1] ?? match?.[2]
  return address !== undefined && isIP(address) !== 0 ? plainAddress(address) : undefined
}
