// Tens of thousands of requests whose clients go away in the middle leave nothing behind: not in the gateway, and not at
// its upstream. The gateway's start is measured after a warm-up of the same mix, because code and caches are memory too.
import { connect, type Socket } from 'node:net'
import { send } from '../support/client.ts'
import { startRawUpstream, startUpstream } from '../support/upstream.ts'
import { endpoint, mustBeBack, settled } from './quiet.ts'
import { cleaner, must, none, quantile, say, setting, soak } from './run.ts'
import { Gateway } from './support.ts'

const ABORTS = setting('ABORTS', 50_000)
const WARM_UP = setting('WARM_UP', 2_000)
const AT_ONCE = setting('AT_ONCE', 128)
const HEAP_MIB = setting('HEAP_MIB', 4)
const PARTS = 5

interface Kind {
  readonly name: string
  readonly endpoint: 'plain' | 'deaf'
  readonly head: string
  readonly rest?: string
  /** What the client waits for before it goes: that the upstream has the request, or that so many bytes of answer came. */
  readonly until: 'written' | 'asked' | number
}

const upload = (framing: string): string => `POST #/sink HTTP/1.1\r\nHost: weir\r\n${framing}\r\n\r\n`
const KINDS: readonly Kind[] = [
  { name: 'in the head', endpoint: 'plain', head: 'GET #/hang HTTP/1.1\r\nHost: we', until: 'written' },
  {
    name: 'in an upload with a length',
    endpoint: 'plain',
    head: upload('Content-Length: 1000000'),
    rest: 'x'.repeat(20_000),
    until: 'asked',
  },
  {
    name: 'in a chunked upload',
    endpoint: 'plain',
    head: upload('Transfer-Encoding: chunked'),
    rest: `4e20\r\n${'x'.repeat(20_000)}\r\n1000\r\nbegun`,
    until: 'asked',
  },
  { name: 'before the answer', endpoint: 'plain', head: 'GET #/hang HTTP/1.1\r\nHost: weir\r\n\r\n', until: 'asked' },
  { name: 'in a download', endpoint: 'plain', head: 'GET #/flow HTTP/1.1\r\nHost: weir\r\n\r\n', until: 100_000 },
  { name: 'behind the head', endpoint: 'plain', head: 'GET #/begun HTTP/1.1\r\nHost: weir\r\n\r\n', until: 1 },
  {
    name: 'while the gateway connects',
    endpoint: 'deaf',
    head: 'GET #/never HTTP/1.1\r\nHost: weir\r\n\r\n',
    until: 'written',
  },
]

/** Who waits for the upstream to have a request. */
const asked = new Map<string, () => void>()
const chunk = Buffer.alloc(65_536, 'x')
let open = 0

async function startPlain(): Promise<{ url: string; connections(): Promise<number> }> {
  const { url, server, close } = await startUpstream((req, res) => {
    open++
    res.on('close', () => open--)
    req.on('error', () => {})
    const [, what, id] = /\/(\w+)\/(\w+)$/.exec(req.url!)!
    if (what === 'ok') return void res.end('ok')
    if (what === 'sink') req.once('data', () => asked.get(id!)?.()).resume()
    else asked.get(id!)?.()
    if (what === 'begun') res.write('begun')
    if (what !== 'flow') return
    const more = (): void => {
      while (!res.destroyed && res.write(chunk));
    }
    res.on('drain', more)
    more()
  })
  cleaner.teardown(close)
  return { url, connections: () => new Promise((done) => server.getConnections((_, count) => done(count))) }
}

/** One request that its client gives up. Every third leaves at a random moment instead of waiting for the right one. */
function abort(port: number, i: number): Promise<void> {
  const kind = KINDS[i % KINDS.length]!
  const id = `r${i}`
  const leave = (socket: Socket): void => void (i % 2 === 0 ? socket.destroy() : socket.resetAndDestroy())
  return new Promise((resolve, reject) => {
    let received = 0
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (i % 8)}` }, () => {
      const path = `/orchestrator/v1/${kind.endpoint}`
      socket.write(kind.head.replace('#', path).replace(' HTTP', `/${id} HTTP`) + (kind.rest ?? ''), () => {
        if (kind.until === 'written') leave(socket)
      })
      if (kind.until === 'asked') asked.set(id, () => leave(socket))
      if (i % 3 === 0) setTimeout(leave, Math.random() * 5, socket)
    })
    const late = setTimeout(() => {
      socket.destroy()
      reject(new Error(`nothing came: ${kind.name}`))
    }, 20_000)
    socket.on('data', (data) => {
      received += data.length
      if (typeof kind.until === 'number' && received >= kind.until) leave(socket)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(late)
      asked.delete(id)
      resolve()
    })
  })
}

let next = 0
let stuck = 0
async function aborts(gateway: Gateway, count: number): Promise<void> {
  const end = next + count
  const one = async (): Promise<void> => {
    while (next < end) await abort(gateway.port, next++).catch(() => stuck++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
}

await soak(async () => {
  const plain = await startPlain()
  // A TLS handshake that never ends.
  const deaf = await startRawUpstream((socket) => socket.resume())
  cleaner.teardown(deaf.close)
  const gateway = await Gateway.start(
    endpoint('plain', plain.url) + endpoint('deaf', deaf.url.replace('http', 'https'), '', ', connect_timeout: 500ms'),
  )
  await aborts(gateway, WARM_UP)
  const start = await settled(gateway)
  const heaps = [start.heap]
  let end = start
  const took: number[] = []
  for (let part = 0; part < PARTS; part++) {
    const begun = performance.now()
    await aborts(gateway, ABORTS / PARTS)
    took.push((performance.now() - begun) / 1000)
    end = await settled(gateway)
    heaps.push(end.heap)
  }
  say(`aborted requests, ${AT_ONCE} at once, in ${KINDS.length} ways`, ABORTS)
  say('per second', (ABORTS / PARTS / quantile(took, 0.5)).toFixed(0))
  none('that never came as far as they should', stuck)
  mustBeBack(start, end, HEAP_MIB)
  // The first of them still shrinks by what the start left behind.
  const since = end.heap - heaps[1]!
  must(
    `growth of the live heap by the last ${(ABORTS / PARTS) * (PARTS - 1)}`,
    `${since.toFixed(2)} MiB`,
    since <= HEAP_MIB,
  )
  const growth = heaps.slice(1).map((heap, i) => (heap - heaps[i]!).toFixed(2))
  say(`by each ${ABORTS / PARTS}`, `${growth.join(', ')} MiB`)
  none('requests that the upstream still has', open)
  none('connections that it still has', await plain.connections())
  const { status, body } = await send(`${gateway.proxy}/orchestrator/v1/plain/ok/r`)
  must('a whole request afterwards', `${status} ${body}`, status === 200 && body === 'ok')
})
