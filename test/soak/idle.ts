// Ten thousand connections that have asked once and stay, and a thousand that never say a word: what each costs, and that
// others are served meanwhile. Then all go, and so does what they cost. The clients live in this process, the gateway in
// its own; each stays below the usual limit of 20,000 open files.
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { send } from '../support/client.ts'
import { startUpstream } from '../support/upstream.ts'
import { endpoint, mustBeBack, settled } from './quiet.ts'
import { cleaner, latencies, must, none, say, setting, soak } from './run.ts'
import { Gateway } from './support.ts'

const IDLE = setting('IDLE', 10_000)
const SILENT = setting('SILENT', 1_000)
const FRESH = setting('FRESH', 500)
const HEAP_MIB = setting('HEAP_MIB', 4)
const RSS_MIB = setting('RSS_MIB', 50)
const AT_ONCE = 100

const GET = 'GET /orchestrator/v1/up/x HTTP/1.1\r\nHost: weir\r\n\r\n'

/** Opens one, from one of several addresses so that ports don't run out; and asks once, if it is to. */
function open(port: number, i: number, asks: boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (i % 4)}` }, () => {
      if (asks) socket.write(GET)
      else resolve(socket)
    })
    socket.on('error', reject)
    socket.once('data', (head) =>
      head.toString('latin1').startsWith('HTTP/1.1 200') ? resolve(socket) : reject(new Error(String(head))),
    )
  })
}

async function openAll(port: number, count: number, asks: boolean): Promise<Socket[]> {
  const sockets: Socket[] = []
  let next = 0
  const one = async (): Promise<void> => {
    while (next < count) sockets.push(await open(port, next++, asks))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  return sockets
}

const closeAll = (sockets: readonly Socket[]): void => {
  for (const socket of sockets) socket.removeAllListeners('close').destroy()
}

/** Fresh connections with one request each, one after the other. */
async function ask(gateway: Gateway, count: number): Promise<{ took: number[]; failed: number }> {
  const took: number[] = []
  let failed = 0
  for (let i = 0; i < count; i++) {
    const begun = performance.now()
    const { status, body } = await send(`${gateway.proxy}/orchestrator/v1/up/x`)
    took.push(performance.now() - begun)
    if (status !== 200 || body !== 'ok') failed++
  }
  return { took, failed }
}

await soak(async () => {
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))![1])
  if (limit < IDLE + SILENT + 1000) throw new Error(`ulimit -n is ${limit}: too few for ${IDLE + SILENT} connections`)
  const upstream = await startUpstream((_req, res) => void res.end('ok'))
  cleaner.teardown(upstream.close)
  const gateway = await Gateway.start(endpoint('up', upstream.url))
  closeAll(await openAll(gateway.port, IDLE / 5, true))
  await ask(gateway, FRESH)
  const start = await settled(gateway)
  const before = await ask(gateway, FRESH)

  const begun = performance.now()
  const sockets = await openAll(gateway.port, IDLE, true)
  const opened = (performance.now() - begun) / 1000
  sockets.push(...(await openAll(gateway.port, SILENT, false)))
  let gone = 0
  for (const socket of sockets) socket.on('close', () => gone++)
  await sleep(1000)
  const { stall } = await gateway.probe()
  const full = await gateway.probe(true)
  await gateway.probe()
  const meanwhile = await ask(gateway, FRESH)
  const served = await gateway.probe()
  await gateway.probe()
  await sleep(5000)
  const idle = await gateway.probe()

  const each = (of: (probe: typeof start) => number): string =>
    `${(((of(full) - of(start)) * 1024) / sockets.length).toFixed(1)} KiB`
  must(
    'connections held: idle after a request, and silent',
    `${IDLE} + ${SILENT}`,
    full.files - start.files >= sockets.length,
  )
  say('opened, asked once and answered in', `${opened.toFixed(1)} s`)
  say(
    'live heap of each',
    each(({ heap }) => heap),
  )
  say(
    'buffers of each',
    each(({ buffers }) => buffers),
  )
  say(
    'resident memory of each',
    each(({ rss }) => rss),
  )
  say('longest stall of the event loop while they come', `${stall.toFixed(0)} ms`)
  say('while fresh requests are served', `${served.stall.toFixed(0)} ms`)
  say('in 5 s in which nothing comes', `${idle.stall.toFixed(0)} ms`)
  say(`fresh connections, one request each, before`, latencies(before.took))
  say('meanwhile', latencies(meanwhile.took))
  none(`that were not answered, of ${2 * FRESH}`, before.failed + meanwhile.failed)
  none('held connections that were closed', gone)

  closeAll(sockets)
  const end = await settled(gateway)
  mustBeBack(start, end, HEAP_MIB)
  // What the allocator keeps is used again.
  closeAll([...(await openAll(gateway.port, IDLE, true)), ...(await openAll(gateway.port, SILENT, false))])
  const again = await settled(gateway)
  const rss = [start, full, end, again].map((probe) => probe.rss.toFixed(0)).join(' → ')
  must(
    'resident memory before, while held, after, and after the same again',
    `${rss} MiB`,
    again.rss < end.rss + RSS_MIB,
  )
})
