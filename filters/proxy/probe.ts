import type { Dispatcher } from 'undici'
import type { ProbeAnswer, SendProbe } from '../../core/index.ts'
import { failureOf } from './failures.ts'

/** Sends health checks through the pool of the target's traffic: with its TLS, its name, and its kept connections. */
export const probeThrough =
  (pool: Dispatcher): SendProbe =>
  async ({ method, path, headers, signal, maxBody }) => {
    let connected = false
    try {
      // undici would close the connection behind a HEAD.
      const { statusCode, body } = await pool.request({ method, path, headers: [...headers], signal, reset: false })
      connected = true
      body.on('error', () => {}) // it is cut where it is long enough
      return { status: statusCode, body: await beginningOf(body, maxBody) }
    } catch (error) {
      throw failureOf(error as Error, connected, connected)
    }
  }

async function beginningOf(
  body: AsyncIterable<Buffer> & { destroy(): void },
  most: number,
): Promise<ProbeAnswer['body']> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= most) break
  }
  return Buffer.concat(chunks).subarray(0, most)
}
