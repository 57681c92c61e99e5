import { type AddressInfo, createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { HeldSockets } from '../../../core/fleet/held-sockets.ts'

t.test('all of them, or none', async (t) => {
  const held = await HeldSockets.bind([
    { name: 'a', host: '127.0.0.1', port: 0 },
    { name: 'b', host: 'localhost', port: 0 },
    { name: 'c', host: undefined, port: 0 },
  ])
  t.strictSame(held.names, ['a', 'b', 'c'])
  t.equal(new Set(held.descriptors).size, 3)
  t.equal(held.address('a')?.address, '127.0.0.1')
  t.ok((held.address('c')?.port ?? 0) > 0)
  t.equal(held.address('d'), undefined)
  const { port } = held.address('a')!
  held.close()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const taken = [
    { name: 'free', host: '127.0.0.1', port: 0 },
    { name: 'taken', host: '127.0.0.1', port },
  ]
  await t.rejects(HeldSockets.bind(taken), { code: 'EADDRINUSE' })
})

t.test('an address in use is tried again for a while, and told of once', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const told: string[] = []
  const busy = { waitMs: 60_000, told: ({ name }: { name: string }) => void told.push(name) }
  const binding = HeldSockets.bind([{ name: 'a', host: '127.0.0.1', port }], busy)
  while (told.length === 0) await setImmediate()
  server.close()
  const held = await binding
  t.equal(held.address('a')?.port, port)
  held.close()
  t.strictSame(told, ['a'])
})

t.test('an address that stays in use is given up', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  let told = 0
  const binding = HeldSockets.bind([{ name: 'a', host: '127.0.0.1', port }], { waitMs: 600, told: () => told++ })
  await t.rejects(binding, { code: 'EADDRINUSE' })
  t.equal(told, 1)
})
