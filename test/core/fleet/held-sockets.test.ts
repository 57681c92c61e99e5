import { createServer } from 'node:net'
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
