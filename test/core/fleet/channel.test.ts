import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { pairedChannels } from '../../../core/fleet/channel.ts'
import { processChannel } from '../../../core/fleet/process-channel.ts'

t.test('both ends in one process: copies, in order, until one end closes', async (t) => {
  const [a, b] = pairedChannels<unknown, unknown>()
  const got: unknown[] = []
  b.onMessage((message) => got.push(message))
  let closed = 0
  a.onClose(() => closed++)
  b.onClose(() => closed++)
  const message = { list: [1] }
  t.ok(a.send(message))
  message.list.push(2)
  t.ok(a.send(new Map([['k', 1]])))
  a.close()
  a.close()
  t.notOk(a.send('late'))
  for (let i = 0; i < 500 && closed < 2; i++) await setTimeout(10)
  t.strictSame(got, [{ list: [1] }, new Map([['k', 1]])])
  t.equal(closed, 2)
  t.notOk(b.send('late'))
})

t.test('between processes: as the two ends in one', async (t) => {
  const child = fork(new URL('echo-child.ts', import.meta.url), { serialization: 'advanced' })
  t.teardown(() => child.kill('SIGKILL'))
  const channel = processChannel<unknown, unknown>(child)
  const { promise, resolve } = Promise.withResolvers<unknown[]>()
  const got: unknown[] = []
  channel.onMessage((message) => got.push(message) === 2 && resolve(got))
  t.ok(channel.send({ bytes: new Uint8Array([1, 2]) }))
  t.ok(channel.send(new Map([['k', { deep: [undefined, Infinity] }]])))
  t.match(await promise, [{ bytes: new Uint8Array([1, 2]) }, new Map([['k', { deep: [undefined, Infinity] }]])])
  const closed = new Promise<void>((done) => channel.onClose(done))
  channel.close()
  await closed
  t.notOk(channel.send('late'))
  await once(child, 'exit')
  let late = 0
  processChannel(child).onClose(() => late++)
  t.equal(late, 1, 'who asks afterwards is told, too')
})

t.test('messages that nobody reads are bounded', async (t) => {
  const child = fork(new URL('echo-child.ts', import.meta.url), { serialization: 'advanced' })
  t.teardown(() => child.kill('SIGKILL'))
  const channel = processChannel<unknown, unknown>(child)
  let taken = 0
  while (channel.send('x'.repeat(1000)) && taken < 5000) taken++
  t.equal(taken, 1000)
})

t.test('what always goes is not refused because others wait', async (t) => {
  const child = fork(new URL('echo-child.ts', import.meta.url), { serialization: 'advanced' })
  t.teardown(() => child.kill('SIGKILL'))
  const channel = processChannel<unknown, unknown>(child)
  const last = new Promise((resolve) => channel.onMessage((message) => message === 'last' && resolve(message)))
  while (channel.send('x'));
  t.ok(channel.sendAlways('last'))
  t.equal(await last, 'last')
  const closed = new Promise<void>((done) => channel.onClose(done))
  channel.close()
  await closed
  t.notOk(channel.sendAlways('late'))
})
