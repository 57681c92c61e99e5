// An upstream of the fault soak, in a process of its own so that it can be killed and paused: node fault-upstream.ts PORT LOG.
// Writes a line for each request before it answers, so that what it has seen survives it.
import { openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'

const [, , port, file] = process.argv
const log = openSync(file!, 'a')
const body = JSON.stringify({ items: 'x'.repeat(1010) })

const server = createServer((req, res) => {
  writeSync(log, `${Date.now()} ${req.method} ${req.url}\n`)
  req.resume()
  res.setHeader('Content-Type', 'application/json').end(body)
})
server.keepAliveTimeout = 60_000
server.listen(Number(port), '127.0.0.1', () => process.send?.('listening'))
