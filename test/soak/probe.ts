// A filter that tells what only the gateway's process knows. Loaded by `plugins:`.
import { subscribe } from 'node:diagnostics_channel'
import { readdirSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { defineFilter, reply } from 'weir'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()

/** Where to leave, at the end, when the process accepted which of its clients' ports: `{ port: [milliseconds] }`. */
const file = process.env.PROBE_ACCEPTED
if (file !== undefined) {
  const accepted: Record<number, number[]> = {}
  subscribe('net.server.socket', (message) => {
    const port = (message as { socket: Socket }).socket.remotePort ?? 0
    accepted[port] ??= []
    accepted[port].push(Date.now())
  })
  process.on('exit', () => writeFileSync(file, JSON.stringify(accepted)))
}

export interface Probe {
  /** Resident memory, MiB. */
  readonly rss: number
  /** Live objects, and buffers outside of the heap, MiB. */
  readonly heap: number
  readonly buffers: number
  /** The longest stall of the event loop since it was last asked, milliseconds. */
  readonly stall: number
  /** Open file descriptors. */
  readonly files: number
  /** What keeps the event loop alive, by kind. */
  readonly resources: Readonly<Record<string, number>>
}

/** `GET /probe` answers with a `Probe`; `?gc` collects garbage before. */
export default defineFilter({
  name: 'probe',
  apiVersion: 1,
  summary: 'For the soak test.',
  create: () => ({
    request(x) {
      if (x.request.path !== '/probe') return
      const stall = delay.max / 1e6
      if (x.request.query === '?gc') for (let i = 0; i < 3; i++) gc()
      const { rss, heapUsed, external } = process.memoryUsage()
      const resources: Record<string, number> = {}
      for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
      const probe: Probe = {
        rss: rss / 2 ** 20,
        heap: heapUsed / 2 ** 20,
        buffers: external / 2 ** 20,
        stall,
        files: readdirSync('/proc/self/fd').length,
        resources,
      }
      delay.reset()
      return reply(200, 'probe', { body: JSON.stringify(probe) })
    },
  }),
})
