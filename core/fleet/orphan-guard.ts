import { Worker } from 'node:worker_threads'
import { startInterval } from '../base/timer.ts'

/**
 * Runs in a thread. It waits without an event loop, and needs nothing of the main thread. It counts its own ticks, so that time in
 * which the whole process did not run does not count.
 */
const GUARD = `const { workerData: { beats, primary, tickMs, timeoutMs } } = require('node:worker_threads')
const never = new Int32Array(new SharedArrayBuffer(4))
for (let seen = -1, silentMs = 0; ; ) {
  Atomics.wait(never, 0, 0, tickMs)
  const now = Atomics.load(beats, 0)
  silentMs = process.ppid === primary || now !== seen ? 0 : silentMs + tickMs
  seen = now
  if (silentMs >= timeoutMs) process.kill(process.pid, 'SIGKILL')
}`
const TICKS = 8

/**
 * Kills this process if its primary is gone while its event loop is blocked: nobody else would, and it would hold the sockets for
 * ever. Costs about 6 MB, for the thread.
 * @param primary its process
 * @param timeoutMs how long the event loop may be blocked then; milliseconds
 */
export function guardOrphan(primary: number, timeoutMs: number): void {
  const beats = new Int32Array(new SharedArrayBuffer(4))
  const tickMs = timeoutMs / TICKS
  startInterval(tickMs, () => void Atomics.add(beats, 0, 1))
  // What `NODE_OPTIONS` or the command line preload is for the main thread.
  const options = { eval: true, execArgv: [], env: {}, workerData: { beats, primary, tickMs, timeoutMs } }
  const thread = new Worker(GUARD, options)
  // The process goes on without it.
  thread.on('error', () => {})
  thread.unref()
}
