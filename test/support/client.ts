import { type Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { bodyOf } from './upstream.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: string
  json(): Record<string, unknown>
}

/** One request with Node's own client: fetch would hide what proxies are about. */
export async function send(
  url: string,
  options: { method?: string; headers?: OutgoingHttpHeaders | string[]; body?: string | Buffer; agent?: Agent } = {},
): Promise<Answer> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const { method = 'GET', headers = {}, body, agent } = options
    const req = request(url, { method, headers: headers as OutgoingHttpHeaders, agent: agent ?? false }, resolve)
    req.on('error', reject)
    req.end(body)
  })
  const body = (await bodyOf(message)).toString()
  const { statusCode: status = 0, headers, rawHeaders } = message
  return { status, headers, rawHeaders, body, json: () => JSON.parse(body) as Record<string, unknown> }
}

/** Sends bytes as they are and collects what comes back until the other side closes, or `until` says so. */
export async function sendRaw(
  port: number,
  bytes: string | Buffer,
  until?: (received: string) => boolean,
): Promise<string> {
  const socket = await connectTo(port)
  return new Promise((resolve, reject) => {
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (until?.(received)) socket.destroy()
    })
    socket.on('close', () => resolve(received))
    socket.on('error', reject)
    socket.write(bytes)
  })
}

export function connectTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
  })
}
