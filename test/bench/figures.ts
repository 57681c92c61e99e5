// Figures that stand by themselves: memory, and the time to start. Weir is a copy as npm installs it.
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { installedCopy } from './installed.ts'
import { gateway } from './launchers.ts'
import { HEADERS } from './load.ts'
import { residentMiB } from './process-tree.ts'
import { startGateway, startUpstream } from './run-case.ts'
import type { Launcher, Program, Sandbox } from './sandbox.ts'
import { PATH } from './weir.ts'

const SMALL = `${PATH}/1k`
const CONNECTIONS = 10_000
/** For what the gateway itself and its upstream need. */
const SPARE_FILES = 500
/** Time in which memory comes to rest. */
const REST_MS = 3000
const READER_BYTES_PER_MS = 64 * 1024

/** Starts the upstream, then Weir. `took`: milliseconds from the start of Weir's process to its first response. */
async function start(sandbox: Sandbox, { yaml = '', pinned = true } = {}): Promise<{ weir: Program; took: number }> {
  const checkout = await installedCopy(sandbox)
  const [core, otherCore] = pinned ? [0, 1] : []
  const upstream = await startUpstream(sandbox, otherCore)
  const launcher: Launcher = (place) => gateway({ yaml })({ ...place, checkout })
  const begun = performance.now()
  const weir = await startGateway(sandbox, { name: 'Weir', launcher, upstream, ready: { path: SMALL }, core })
  return { weir, took: performance.now() - begun }
}

async function idleMemory(sandbox: Sandbox): Promise<number> {
  const { weir } = await start(sandbox)
  await sleep(REST_MS)
  return residentMiB(weir.pid)
}

/** KiB per connection. The client is a process of its own, so that each stays below the limit of open files. */
async function connectionMemory(sandbox: Sandbox): Promise<number> {
  // Node raises the soft limit to the hard one by itself.
  const limit = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 0)
  // Weir takes half of the files for clients unless told otherwise.
  if (limit < CONNECTIONS + SPARE_FILES)
    throw new Error(`ulimit -Hn is ${limit}: too few for ${CONNECTIONS} connections`)
  const yaml = `downstream: { max_connections: ${CONNECTIONS + 100}, idle_timeout: 10m }`
  const { weir } = await start(sandbox, { yaml })
  await sleep(REST_MS)
  const before = residentMiB(weir.pid)
  const options = { port: Number(new URL(weir.url).port), path: SMALL, headers: HEADERS, connections: CONNECTIONS }
  const file = join(import.meta.dirname, 'idle-connections.ts')
  const log = join(sandbox.folder, 'idle.log')
  const client = sandbox.spawn({ command: [process.execPath, file, JSON.stringify(options)] }, 1, log)
  while (!readFileSync(log, 'utf8').includes('open')) {
    if (client.exitCode !== null) throw new Error(`the connections failed:\n${readFileSync(log, 'utf8').slice(-500)}`)
    await sleep(100)
  }
  await sleep(REST_MS)
  return ((residentMiB(weir.pid) - before) * 1024) / CONNECTIONS
}

/** Reads a response of 1 GiB, a piece per millisecond. */
async function readSlowly(port: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(`GET ${PATH}/1g HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n`)
  let read = 0
  for await (const chunk of socket) {
    read += (chunk as Buffer).length
    await sleep((chunk as Buffer).length / READER_BYTES_PER_MS)
  }
  return read
}

/** MiB at the peak beyond the idle gateway. */
async function slowReaderMemory(sandbox: Sandbox): Promise<number> {
  const { weir } = await start(sandbox)
  await sleep(REST_MS)
  const before = residentMiB(weir.pid)
  // Forgets the peak so far (proc(5)).
  writeFileSync(`/proc/${weir.pid}/clear_refs`, '5')
  const read = await readSlowly(Number(new URL(weir.url).port))
  if (read < 1024 ** 3) throw new Error(`only ${read} bytes of 1 GiB arrived`)
  return residentMiB(weir.pid, 'VmHWM') - before
}

/** Milliseconds from the start of the process to its first response. It has run once before, and Node's caches exist. */
async function startTime(sandbox: Sandbox): Promise<number> {
  return (await start(sandbox, { pinned: false })).took
}

/** Each gives one value. `times` is how often it is measured, after `unmeasured` runs that do not count. */
export const FIGURES = {
  idleMemory: { take: idleMemory, times: 3, unmeasured: 0 },
  connectionMemory: { take: connectionMemory, times: 3, unmeasured: 0 },
  slowReaderMemory: { take: slowReaderMemory, times: 1, unmeasured: 0 },
  startTime: { take: startTime, times: 7, unmeasured: 1 },
} as const

export type FigureName = keyof typeof FIGURES
