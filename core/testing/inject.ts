import { type IncomingMessage, request } from 'node:http'
import { HeaderList } from '../api/header-list.ts'
import { type BodyBytes, type Fields, fieldsOf } from './test-exchange.ts'

/** A request over a real socket. All of it may be left out: `GET /`. */
export interface Injected {
  readonly method?: string
  /** With its query. */
  readonly path?: string
  /** `Host` and framing are added where they are missing. */
  readonly headers?: Fields
  /** A list is sent chunk by chunk. */
  readonly body?: BodyBytes
  /** Sends it to the admin listener. */
  readonly admin?: boolean
}

/** What came back. */
export interface InjectedResponse {
  readonly status: number
  readonly headers: HeaderList
  /** As UTF-8. */
  readonly body: string
  readonly bytes: Buffer
  readonly trailers: HeaderList
  /** The body as JSON. @throws SyntaxError if it is none */
  // biome-ignore lint/suspicious/noExplicitAny: as JSON.parse
  json(): any
}

/** One request on a connection of its own. Rejects if the connection breaks before the response is whole. */
export async function inject(url: string, init: Injected): Promise<InjectedResponse> {
  const { method = 'GET', path = '/', headers, body = '' } = init
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const { hostname, port, host } = new URL(url)
    const fields = fieldsOf(headers)
    if (!fields.has('host')) fields.add('Host', host)
    if (isWhole(body) && body.length > 0 && !fields.has('content-length'))
      fields.add('Content-Length', String(Buffer.byteLength(body)))
    if (!isWhole(body) && !fields.has('transfer-encoding')) fields.add('Transfer-Encoding', 'chunked')
    const sent = request({
      host: hostname.replace(/^\[|\]$/g, ''),
      port,
      method,
      path,
      headers: [...fields.raw],
      agent: false,
    })
    sent.on('response', resolve)
    sent.on('error', reject)
    if (isWhole(body)) return void sent.end(body)
    for (const chunk of body) sent.write(chunk)
    sent.end()
  })
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const text = bytes.toString()
  return {
    status: message.statusCode ?? 0,
    headers: HeaderList.fromWire(message.rawHeaders),
    body: text,
    bytes,
    trailers: HeaderList.fromWire(message.rawTrailers),
    json: () => JSON.parse(text),
  }
}

const isWhole = (body: BodyBytes): body is string | Uint8Array => typeof body === 'string' || body instanceof Uint8Array
