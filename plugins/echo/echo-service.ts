import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Service, sleep } from '../../core/index.ts'

export interface EchoService extends Service {
  /** Address on which it listens. Throws before `start`. */
  address(): { readonly host: string; readonly port: number; readonly url: string }
}

const BODY_LIMIT = 64 * 1024
const DELAY_LIMIT_MS = 10_000
const STREAM_LIMIT = 1000
const STREAM_EVERY_MS = 50
const CONNECTIONS = 1024

/**
 * An upstream for experiments. It responds to every request with the request itself, as JSON. A path that ends in `/status/{code}`
 * (200 to 599) gets that status, `/delay/{ms}` is delayed (at most 10 s), `/stream/{n}` gets n server-sent events (at most 1000), one
 * per 50 ms.
 * @param options.port 0 for any free port
 */
export function echoService(options: { readonly host: string; readonly port: number }): EchoService {
  const server = createServer((request, response) => {
    // Fails only if the client leaves.
    respond(request, response).catch(() => response.destroy())
  })
  server.maxConnections = CONNECTIONS
  const address: EchoService['address'] = () => {
    const bound = server.address() as AddressInfo | null
    if (bound === null) throw new Error('the echo service is not started')
    const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
    return { host: bound.address, port: bound.port, url: `http://${host}:${bound.port}` }
  }
  return {
    name: 'echo',
    address,
    async start() {
      server.listen(options.port, options.host)
      await once(server, 'listening')
    },
    async stop() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { path, query } = split(request.url ?? '/')
  const body = await collect(request)
  const [, what, number] = /\/(status|delay|stream)\/(\d{1,9})$/.exec(path) ?? []
  if (what === 'stream') return stream(request, response, Math.min(Number(number), STREAM_LIMIT))
  if (what === 'delay') await wait(response, Math.min(Number(number), DELAY_LIMIT_MS))
  const status = what === 'status' && Number(number) >= 200 && Number(number) <= 599 ? Number(number) : 200
  const content = JSON.stringify(
    { method: request.method, path, query, headers: pairs(request.rawHeaders), ...body, remote: remote(request) },
    null,
    2,
  )
  // Node omits the body if the status or HEAD forbids one. With 204 and 304 there must be no length either.
  if (status === 204 || status === 304) response.writeHead(status).end()
  else
    response
      .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) + 1 })
      .end(`${content}\n`)
}

async function stream(request: IncomingMessage, response: ServerResponse, count: number): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  if (request.method !== 'HEAD') {
    for (let n = 1; n <= count; n++) {
      if (n > 1) await wait(response, STREAM_EVERY_MS)
      response.write(`id: ${n}\ndata: {"n":${n},"of":${count}}\n\n`)
    }
  }
  response.end()
}

/** Waits. Rejects as soon as the client leaves. */
async function wait(response: ServerResponse, ms: number): Promise<void> {
  const gone = new AbortController()
  const leave = (): void => gone.abort()
  response.once('close', leave)
  try {
    await sleep(ms, gone.signal)
  } finally {
    response.off('close', leave)
  }
}

/** The body as text, up to the limit. The rest is read and counted, so that the connection can be used again. */
async function collect(
  request: IncomingMessage,
): Promise<{ body: string; body_size: number; body_truncated: boolean }> {
  const chunks: Buffer[] = []
  let kept = 0
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    const part = chunk.subarray(0, BODY_LIMIT - kept)
    if (part.length > 0) chunks.push(part)
    kept += part.length
  }
  return { body: Buffer.concat(chunks, kept).toString('utf8'), body_size: size, body_truncated: size > kept }
}

function split(url: string): { path: string; query: string } {
  const at = url.indexOf('?')
  return at === -1 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at) }
}

function pairs(raw: readonly string[]): [name: string, value: string][] {
  const list: [string, string][] = []
  for (let i = 0; i < raw.length; i += 2) list.push([raw[i]!, raw[i + 1]!])
  return list
}

const remote = ({ socket }: IncomingMessage): string => `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`
