import { createSocket, type RemoteInfo } from 'node:dgram'
import { isIPv6 } from 'node:net'

/** What a name has: addresses of either family, and for how many seconds. `failure` is answered in their place. */
export interface Records {
  readonly addresses?: readonly string[]
  readonly ttl?: number
  readonly failure?: 'SERVFAIL' | 'NXDOMAIN'
}

export interface DnsServer {
  /** `127.0.0.1:port`. */
  readonly address: string
  /** By name, in lower case; others do not exist. */
  readonly names: Map<string, Records>
  /** Questions so far: `A orders.test`. */
  readonly asked: string[]
  close(): Promise<void>
}

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA' }
const CODES = { SERVFAIL: 2, NXDOMAIN: 3 } as const

/** A name server for A and AAAA on loopback (RFC 1035, RFC 3596). */
export async function startDns(names: Readonly<Record<string, Records>> = {}): Promise<DnsServer> {
  const socket = createSocket('udp4')
  const records = new Map(Object.entries(names))
  const asked: string[] = []
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    const { name, type, end } = questionOf(query)
    asked.push(`${TYPES[type] ?? type} ${name}`)
    const { addresses = [], ttl = 0, failure } = records.get(name) ?? { failure: 'NXDOMAIN' as const }
    const answers = failure === undefined ? addresses.filter((each) => (isIPv6(each) ? 28 : 1) === type) : []
    const head = Buffer.from(query.subarray(0, 12))
    head.writeUInt16BE(0x8580 | (failure === undefined ? 0 : CODES[failure]), 2)
    head.writeUInt16BE(answers.length, 6)
    head.writeUInt32BE(0, 8)
    socket.send(
      Buffer.concat([head, query.subarray(12, end), ...answers.map((a) => recordOf(a, type, ttl))]),
      from.port,
    )
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${socket.address().port}`,
    names: records,
    asked,
    close: () => new Promise((resolve) => void socket.close(() => resolve())),
  }
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

/** An answer whose name is that of the question. */
function recordOf(address: string, type: number, ttl: number): Buffer {
  const data = type === 1 ? Buffer.from(address.split('.').map(Number)) : ipv6Bytes(address)
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(ttl, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function ipv6Bytes(address: string): Buffer {
  const [front = '', back = ''] = address.split('::')
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const left = groups(front)
  const right = groups(back)
  const all = address.includes('::')
    ? [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
    : left
  const bytes = Buffer.alloc(16)
  for (const [i, group] of all.entries()) bytes.writeUInt16BE(group, i * 2)
  return bytes
}
