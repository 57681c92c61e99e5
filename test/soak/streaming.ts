// Streams whose pieces are flushed one by one: event streams, chunked long polls and frames as gRPC-Web has them. How long a
// piece takes from the upstream's write to the client, through the gateway and without it, in one run. Every piece must arrive by
// itself and whole, before the next is made.
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { endpoint } from './quiet.ts'
import { cleaner, latencies, none, say, setting, soak } from './run.ts'
import { Gateway } from './support.ts'

const STREAMS = setting('STREAMS', 100)
const PIECES = setting('PIECES', 50)
const TYPES = ['text/event-stream', 'application/json', 'application/grpc-web+proto']

const now = (): string => String(performance.now())
/** Says when it was made; of one size, so that it is known when it is whole. */
const pieceOf = (type: string): string => {
  const stamp = now().padEnd(24)
  if (type === 'text/event-stream') return `data: ${stamp}\n\n`
  return type === 'application/json' ? `{"at":"${stamp}"}\n` : `\0\0\0\0\x18${stamp}`
}

/** Sends a piece, waits for a while that differs, and so on. The first comes with the head, as in a poll that had to wait. */
async function startUpstream(): Promise<string> {
  const server = createServer(async (req, res) => {
    const type = TYPES[Number(req.url!.at(-1))]!
    await sleep(Math.random() * 200)
    res.writeHead(200, { 'Content-Type': type })
    for (let n = 0; n < PIECES && !res.destroyed; n++) {
      res.write(pieceOf(type), 'latin1')
      await sleep(50 + Math.random() * 100)
    }
    res.end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  cleaner.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Seen {
  first: number[]
  later: number[]
  /** Pieces that did not come by themselves, or never. */
  wrong: number
}

async function read(url: string, type: number, seen: Seen): Promise<void> {
  const message = await new Promise<IncomingMessage>((resolve, reject) =>
    request(`${url}/${type}`, { agent: false }, resolve).on('error', reject).end(),
  )
  const size = pieceOf(TYPES[type]!).length
  let count = 0
  for await (const chunk of message) {
    const took = performance.now() - Number(/\d+\.\d+/.exec(String(chunk))?.[0])
    if ((chunk as Buffer).length !== size) seen.wrong++
    ;(count++ === 0 ? seen.first : seen.later).push(took)
  }
  if (count !== PIECES) seen.wrong++
}

async function measure(url: string): Promise<Seen> {
  const seen: Seen = { first: [], later: [], wrong: 0 }
  await Promise.all(Array.from({ length: STREAMS }, (_, i) => read(url, i % TYPES.length, seen)))
  return seen
}

await soak(async () => {
  const upstream = await startUpstream()
  const gateway = await Gateway.start(endpoint('up', upstream))
  const through = `${gateway.proxy}/orchestrator/v1/up`
  await measure(through)
  const direct = await measure(upstream)
  const proxied = await measure(through)
  say(`streams at once, each of ${PIECES} pieces, of ${TYPES.length} kinds`, `${STREAMS}`)
  say('first piece, directly', latencies(direct.first))
  say('first piece, through the gateway', latencies(proxied.first))
  say('later pieces, directly', latencies(direct.later))
  say('later pieces, through the gateway', latencies(proxied.later))
  none('pieces that did not arrive by themselves and whole', proxied.wrong)
})
