/**
 * What stands for one client where connections are counted: an IPv4 address, or the 64 bits of an IPv6 network. Whoever has one IPv6
 * address has at least 2^64 of them (RFC 4291 §2.5.1, RFC 6177 §2).
 * @param address as sockets have it (RFC 5952)
 */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(8 - left.length - right.length, 0)
  return `${[...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':')}::/64`
}
