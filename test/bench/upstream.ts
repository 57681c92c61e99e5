// The benchmark's upstream: 1 KiB of JSON from memory; takes OTLP exports too, and throws them away.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const body = Buffer.from(JSON.stringify({ items: 'x'.repeat(1010) }))
const server = createServer((req, res) => {
  if (req.method === 'POST') req.resume()
  res.writeHead(200, [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-cache',
  ])
  res.end(body)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
