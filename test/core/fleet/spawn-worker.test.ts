import t from 'tap'
import { nodeOptions, spawnWorker } from '../../../core/fleet/spawn-worker.ts'

t.test('workers get neither the debugger nor the limit of memory of the primary', async (t) => {
  const given = [
    '--inspect',
    '--inspect-brk=9229',
    '--inspect-port=0',
    '--max-old-space-size=100',
    '--conditions=weir-source',
  ]
  t.strictSame(nodeOptions(given), ['--conditions=weir-source'])
})

t.test('a worker that the system does not start has ended', async (t) => {
  const args = ['-e', 'x'.repeat(3_000_000)]
  const { channel, ended, kill, pid } = spawnWorker({ args, env: {}, log: 1, sockets: [], output: () => {} })
  const closed = new Promise<void>((resolve) => channel.onClose(resolve))
  t.match(await ended, /could not be started: .*E2BIG/)
  await closed
  t.equal(pid, undefined)
  kill()
})
