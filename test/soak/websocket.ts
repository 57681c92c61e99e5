// Hundreds of WebSockets at once through the whole chain, with a token: small and huge messages, in one frame and in
// several, deflated and not, closed properly and cut in the middle of a message by either side. Every byte that one end
// wrote behind the handshake reaches the other, as it would on a direct connection; and nothing is left behind.
import { createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { endpoint, mustBeBack, settled } from './quiet.ts'
import { cleaner, MIB, must, none, progress, say, setting, soak } from './run.ts'
import { Gateway } from './support.ts'
import { record, type Tapes } from './tape.ts'

const CONNECTIONS = setting('CONNECTIONS', 500)
const LARGEST = setting('LARGEST_MIB', 16) * MIB
/** So many messages of a MiB or more are under way at once. */
const HUGE_AT_ONCE = setting('HUGE_AT_ONCE', 16)
const HEAP_MIB = setting('HEAP_MIB', 4)

/** How a connection ends. */
type Ending = 'close' | 'client cuts' | 'upstream cuts'
const endingOf = (i: number): Ending => (i % 10 === 3 ? 'client cuts' : i % 10 === 7 ? 'upstream cuts' : 'close')
const isDeflated = (i: number): boolean => i % 5 === 0

const SECRET = 'a secret of the soak, of 32 bytes or more'
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const signed = `${part({ alg: 'HS256' })}.${part({ sub: 'soak' })}`
const token = `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`

// Half of it can be deflated.
const data = Buffer.concat(
  Array.from({ length: LARGEST / 32_768 + 64 }, () => [randomBytes(16_384), Buffer.alloc(16_384)]).flat(),
)
/** A piece of it from somewhere. */
const piece = (length: number, i: number): Buffer => {
  const at = (i * 7919) % (data.length - length + 1)
  return data.subarray(at, at + length)
}

/** What the upstream's end of a connection recorded. */
const upstreams = new Map<number, { tapes: Tapes; socket: Socket; closed: Promise<number> }>()

async function startEcho(): Promise<{ url: string; connections(): Promise<number> }> {
  const server = createServer()
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: 2 * LARGEST,
    perMessageDeflate: { threshold: 0, zlibDeflateOptions: { level: 1 } },
  })
  server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
    const id = Number(req.url!.split('/').at(-1))
    const tapes = record(socket, endingOf(id) !== 'close')
    wss.handleUpgrade(req, socket, head, (end) => {
      tapes.sent.clear() // the head of the 101
      const closed = new Promise<number>((done) => end.on('close', done))
      upstreams.set(id, { tapes, socket, closed })
      end.on('error', () => {})
      let count = 0
      end.on('message', (message: Buffer, binary) => void sendIn(end, message, binary, (count++ % 3) + 1))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  cleaner.teardown(() => server.close())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => new Promise((done) => server.getConnections((_, count) => done(count))),
  }
}

/** Sends a message in so many frames. */
function sendIn(socket: WebSocket, message: Buffer, binary: boolean, frames: number): void {
  const size = Math.ceil(message.length / frames)
  for (let i = 0; i < frames; i++)
    socket.send(message.subarray(i * size, (i + 1) * size), { binary, fin: i === frames - 1 })
}

let free = HUGE_AT_ONCE
const waiting: (() => void)[] = []
async function huge<T>(run: () => Promise<T>): Promise<T> {
  if (free > 0) free--
  else await new Promise<void>((resolve) => waiting.push(resolve))
  try {
    return await run()
  } finally {
    const next = waiting.shift()
    if (next === undefined) free++
    else next()
  }
}

const counts = { messages: 0, bytes: 0, largest: 0, different: 0, streams: 0, cut: 0, codes: 0, partial: 0, alive: 0 }

/** Sends a message and compares its echo. */
async function exchange(socket: WebSocket, message: Buffer, frames: number): Promise<void> {
  const echo = new Promise<Buffer>((resolve, reject) => {
    socket.once('message', (back) => resolve(back as Buffer))
    socket.once('close', () => reject(new Error('closed before the echo')))
  })
  sendIn(socket, message, true, frames)
  if (!(await echo).equals(message)) counts.different++
  socket.removeAllListeners('close')
  counts.messages++
  counts.bytes += 2 * message.length
  if (message.length === LARGEST) counts.largest++
}

interface End {
  readonly id: number
  readonly socket: WebSocket
  readonly tapes: Tapes
}

function open(gateway: Gateway, id: number): Promise<End> {
  const url = `${gateway.proxy.replace('http', 'ws')}/orchestrator/v1/echo/${id}`
  const socket = new WebSocket(url, {
    headers: { Authorization: `Bearer ${token}` },
    maxPayload: 2 * LARGEST,
    perMessageDeflate: isDeflated(id) && { threshold: 0, zlibDeflateOptions: { level: 1 } },
  })
  return new Promise((resolve, reject) => {
    let tapes: Tapes
    // Before ws reads what came behind the head.
    socket.on('upgrade', (res) => {
      tapes = record(res.socket, endingOf(id) !== 'close')
    })
    socket.on('open', () => resolve({ id, socket, tapes }))
    socket.on('error', reject)
  })
}

async function talk({ id, socket }: End, hugeToo: boolean): Promise<void> {
  for (const length of [0, 1, 125, 126, 65_535, 65_536, 65_537]) await exchange(socket, piece(length, id), 1)
  for (const frames of [2, 7, 50]) await exchange(socket, piece(65_536, id), frames)
  if (endingOf(id) !== 'close' || !hugeToo) return
  await huge(() => exchange(socket, piece(MIB * (1 + (id % 4)), id), 1 + (id % 3)))
  await huge(() => exchange(socket, piece(LARGEST, id), id % 2 === 0 ? 1 : 16))
}

/** Ends a connection, and compares what either end wrote with what the other read. */
async function finish({ id, socket, tapes }: End): Promise<void> {
  const other = upstreams.get(id)!
  const ending = endingOf(id)
  const closed = new Promise<number>((done) => socket.on('close', done))
  const sizes = MIB + id
  if (ending === 'close') socket.close(4000 + (id % 100))
  else {
    socket.send(piece(sizes, id))
    const cut = ending === 'client cuts' ? (socket as unknown as { _socket: Socket })._socket : other.socket
    // In the middle of the message or of its echo.
    setTimeout(() => (id % 20 < 10 ? cut.destroy() : cut.resetAndDestroy()), id % 15)
  }
  const codes = await Promise.all([closed, other.closed])
  const pairs = [
    [tapes.sent, other.tapes.received],
    [other.tapes.sent, tapes.received],
  ] as const
  if (ending === 'close') {
    if (codes.some((code) => code !== 4000 + (id % 100))) counts.codes++
    counts.streams += pairs.filter(([sent, received]) => !received.equals(sent)).length
  } else {
    counts.partial += pairs.filter(([sent, received]) => received.bytes < sent.bytes).length
    counts.cut += pairs.filter(([sent, received]) => !received.begins(sent)).length
  }
  upstreams.delete(id)
}

async function round(gateway: Gateway, hugeToo: boolean): Promise<void> {
  const ends = await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => open(gateway, i)))
  const ticker = setInterval(() => progress(`${counts.messages} messages`), 5000)
  await Promise.all(ends.map((end) => talk(end, hugeToo)))
  clearInterval(ticker)
  counts.alive = ends.filter(({ socket }) => socket.readyState === WebSocket.OPEN).length
  await Promise.all(ends.map(finish))
}

await soak(async () => {
  const echo = await startEcho()
  const gateway = await Gateway.start(endpoint('echo', echo.url, ', auth_type: bearer'), {
    env: { WEIR_JWT_SECRET: SECRET },
  })
  // As many as later: the pool of upstream connections keeps an object for each of the most that there were at once.
  await round(gateway, false)
  const start = await settled(gateway)
  Object.assign(counts, { messages: 0, bytes: 0, largest: 0, partial: 0 })
  const begun = performance.now()
  await round(gateway, true)
  const took = (performance.now() - begun) / 1000
  const cuts = Array.from({ length: CONNECTIONS }, (_, i) => endingOf(i)).filter((ending) => ending !== 'close').length
  must('WebSockets open at once, all talking', counts.alive, counts.alive === CONNECTIONS)
  say('messages, each echoed', counts.messages)
  say(`of them of ${LARGEST / MIB} MiB, at most ${HUGE_AT_ONCE} huge ones under way`, counts.largest)
  say('bytes of messages, there and back', `${(counts.bytes / MIB / 1024).toFixed(1)} GiB in ${took.toFixed(0)} s`)
  none('echoes that differ', counts.different)
  none('directions whose bytes differ from those that were sent', counts.streams)
  none('close codes that did not arrive, either way', counts.codes)
  must(`directions cut in a message, of ${cuts} connections`, counts.partial, counts.partial > 0)
  none('whose bytes are no beginning of what was sent', counts.cut)
  const end = await settled(gateway)
  mustBeBack(start, end, HEAP_MIB)
  none('connections that the upstream still has', await echo.connections())
})
