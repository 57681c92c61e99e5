import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The ports of the file that `weir run` writes. */
export const DEFAULT_PORTS: readonly number[] = [8000, 8001, 8002]
/** Whoever listens here has the others. The system closes it with the process, so nothing is left behind. */
const LOCK = 7999
const WAIT_MS = 20_000

/**
 * Waits for other tests that use the default ports and keeps them from doing so until this one is over. Gives the ports
 * that another program has.
 */
export async function takeDefaultPorts(t: { teardown(fn: () => unknown): unknown }): Promise<number[]> {
  const until = performance.now() + WAIT_MS
  let lock = await listen(LOCK, '127.0.0.1')
  while (lock === undefined && performance.now() < until) {
    await sleep(50)
    lock = await listen(LOCK, '127.0.0.1')
  }
  t.teardown(() => lock?.close())
  const taken: number[] = []
  for (const port of DEFAULT_PORTS) {
    const server = await listen(port)
    if (server === undefined) taken.push(port)
    else await new Promise((resolve) => server.close(resolve))
  }
  return taken
}

/** Listens on the port, or gives undefined if this machine does not allow it. */
function listen(port: number, host?: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ port, host }, () => resolve(server))
  })
}
