import type { IncomingHttpHeaders } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type Dispatcher, request } from 'undici'
import { startTimer } from '../../../core/index.ts'

/** A JSON document of an issuer. */
export interface KeyDocument {
  readonly json: unknown
  /** `max-age` of `Cache-Control` (RFC 9111 §5.2.2.1), 0 for `no-store` and `no-cache`; milliseconds. Undefined: it says nothing. */
  readonly maxAgeMs: number | undefined
}

/** For everything: connecting, head and body; milliseconds. */
const TIME_LIMIT_MS = 5000
const MAX_BYTES = 1024 * 1024
const TOO_LONG = `more than ${MAX_BYTES / 1024 / 1024} MiB`
const unzip = promisify(gunzip)

/**
 * Fetches a document of an issuer. Redirects are not followed: who can make one would choose the keys.
 * @throws Error that says what is wrong with the response, without its contents
 */
export async function fetchDocument(url: string, dispatcher: Dispatcher, closed: AbortSignal): Promise<KeyDocument> {
  const late = new AbortController()
  const timer = startTimer(TIME_LIMIT_MS, () =>
    late.abort(new Error(`no complete response within ${TIME_LIMIT_MS / 1000} s`)),
  )
  try {
    const { statusCode, headers, body } = await request(url, {
      dispatcher,
      signal: AbortSignal.any([late.signal, closed]),
      // Without the last, any coding is acceptable (RFC 9110 §12.5.3).
      headers: {
        accept: 'application/jwk-set+json, application/json',
        'user-agent': 'weir',
        'accept-encoding': 'identity',
      },
    })
    if (statusCode !== 200) {
      body.on('error', () => {}) // it is cut off, because nobody reads it
      body.destroy()
      throw new Error(
        `status ${statusCode}${statusCode >= 300 && statusCode < 400 ? ', and redirects are not followed' : ''}`,
      )
    }
    return { json: parsed(await decoded(await bytesOf(body), headers)), maxAgeMs: maxAge(headers) }
  } finally {
    timer.cancel()
  }
}

async function bytesOf(body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_BYTES) throw new Error(TOO_LONG)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The text, without a mark of its byte order. Files that are stored compressed come so, whatever was asked for. */
async function decoded(bytes: Buffer, { 'content-encoding': coding }: IncomingHttpHeaders): Promise<string> {
  const plain = /^(x-)?gzip$/i.test(String(coding)) ? await unzipped(bytes) : bytes
  return new TextDecoder().decode(plain)
}

async function unzipped(bytes: Buffer): Promise<Buffer> {
  try {
    return await unzip(bytes, { maxOutputLength: MAX_BYTES })
  } catch (error) {
    throw new Error(
      (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? TOO_LONG : 'the response is not gzip',
    )
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(text === '' ? 'an empty response' : 'the response is not JSON')
  }
}

function maxAge({ 'cache-control': field }: IncomingHttpHeaders): number | undefined {
  const directives = String(field ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0
  for (const directive of directives) {
    const seconds = /^max-age="?(\d{1,10})"?$/.exec(directive)?.[1]
    if (seconds !== undefined) return Number(seconds) * 1000
  }
  return undefined
}
