// System calls on sockets per request of the default chain with a response of 1 KiB: a read and a write on either side.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CostedGateway } from '../support/costed-gateway.ts'
import { folder } from '../support/process.ts'

const WARM_UP = 300
const REQUESTS = 200
/** Per request. */
const BOUNDS = { 'downstream read': 1, 'downstream write': 1, 'upstream write': 1, 'upstream read': 1 }

const strace = spawnSync('strace', ['--version']).status === 0
if (!strace && process.env.CI !== undefined) t.fail('strace is needed here, and must be installed in CI')

t.test('system calls per request', { skip: strace ? false : 'strace is not installed' }, async (t) => {
  const gateway = await CostedGateway.start(t)
  await gateway.requests(WARM_UP)
  const file = join(await folder(t), 'calls')
  // The main thread alone: it does all that concerns sockets.
  const tracer = spawn('strace', ['-yy', '-s', '0', '-o', file, '-p', String(gateway.child.pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const attached = await attachedBy(t, tracer)
  // Whether it may is for the machine to say, in CI too.
  if (!attached)
    return void t.pass('NOT TESTED', { skip: 'strace may not attach to processes on this machine (ptrace)' })
  await gateway.requests(REQUESTS)
  const gone = once(tracer, 'exit')
  tracer.kill('SIGINT')
  await gone
  const counts = callsOf(await readFile(file, 'utf8'), gateway.upstreamPort)
  for (const [what, count] of Object.entries(counts)) t.comment(`${what} per request: ${count / REQUESTS}`)
  for (const [what, bound] of Object.entries(BOUNDS)) {
    const count = counts[what] ?? 0
    t.ok(count > 0 && count <= bound * REQUESTS, `${what} per request: ${count / REQUESTS}, at most ${bound}`)
  }
})

/** Whether strace may attach. */
async function attachedBy(t: Test, tracer: ChildProcess): Promise<boolean> {
  t.teardown(() => tracer.kill('SIGKILL'))
  const [said] = (await once(tracer.stderr!, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer]
  tracer.stderr!.resume()
  if (/attached/.test(`${said}`)) return true
  t.match(`${said}`, /not permitted|denied|not implemented/, 'strace says why it did not attach')
  return false
}

const KINDS: Readonly<Record<string, string>> = {
  read: 'read',
  readv: 'read',
  recvfrom: 'read',
  recvmsg: 'read',
  write: 'write',
  writev: 'write',
  sendto: 'write',
  sendmsg: 'write',
}

/** Numbers of calls in strace's output: on sockets by side, all others by name. */
function callsOf(text: string, upstreamPort: number): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const line of text.split('\n')) {
    const [, call, peer] = /^(\w+)\((?:\d+<TCP(?:v6)?:\[.*?->.*?:(\d+)\]>)?/.exec(line) ?? []
    if (call === undefined) continue
    const side = Number(peer) === upstreamPort ? 'upstream' : 'downstream'
    const what = peer === undefined ? call : `${side} ${KINDS[call] ?? call}`
    counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}
