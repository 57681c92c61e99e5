import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { startGateway } from '../../../core/testing.ts'

const REQUESTS = 100_000
const CONNECTIONS = 16
/** Of one connection at a time. */
const BATCH = 50

/** Methods that Node's parser knows, of which most are not in the list of labels. */
const METHODS = ['GET', 'PROPFIND', 'PURGE', 'REPORT', 'MKCOL', 'LINK', 'SEARCH', 'BIND', 'LOCK', 'SUBSCRIBE']

/** Sends requests with random paths, methods, hosts, queries and user agents, and reads every response. */
async function flood(port: number, count: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  let seen = 0
  let wanted = 0
  let rest = ''
  let wake = (): void => {}
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    const all = rest + text
    seen += all.split('HTTP/1.1 ').length - 1
    rest = all.slice(-8)
    seen -= rest.split('HTTP/1.1 ').length - 1
    if (seen >= wanted) wake()
  })
  const made = (i: number): string => {
    const random = randomBytes(9).toString('hex')
    return `${METHODS[i % METHODS.length]} /${random}?${random}=1 HTTP/1.1\r\nHost: h${random}.test\r\nUser-Agent: ${random}\r\nContent-Length: 0\r\n\r\n`
  }
  for (let at = 0; at < count; at += BATCH) {
    wanted += BATCH
    const answered = new Promise<void>((resolve) => {
      wake = resolve
    })
    socket.write(Array.from({ length: BATCH }, (_, i) => made(at + i)).join(''))
    await answered
  }
  socket.destroy()
}

t.test('100,000 random paths, methods and hosts add at most 20 series', { timeout: 120_000 }, async (t) => {
  const gateway = await startGateway(`
admin: {}
endpoints: [{ name: a, url: "http://127.0.0.1:9" }]
filters: [request-id, route-match, method-check, breaker, proxy, metrics]
`)
  t.teardown(() => gateway.close())
  const series = async (): Promise<string[]> =>
    (await gateway.metrics())
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#') && !/_bucket\{/.test(line))
  await flood(gateway.port, BATCH)
  await gateway.inject({ admin: true, path: '/metrics' })
  const before = await series()
  await Promise.all(Array.from({ length: CONNECTIONS }, () => flood(gateway.port, REQUESTS / CONNECTIONS)))
  const after = await series()
  t.ok(gateway.finished.length >= REQUESTS, `${gateway.finished.length} requests`)
  t.ok(after.length - before.length <= 20, `${after.length - before.length} more series`)
  t.ok(before.length > 10)
})
