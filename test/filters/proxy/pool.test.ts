import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { connectTo } from '../../support/client.ts'
import { onHead, proxiedRaw } from './support.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

t.test('a pool keeps nothing of a connection that is gone', async (t) => {
  const made: WeakRef<object>[] = []
  subscribe('undici:client:connected', (message) => {
    made.push(new WeakRef((message as { socket: object }).socket))
  })
  const { port, logged, finished } = await proxiedRaw(t, (socket) =>
    onHead(socket, () =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'),
    ),
  )
  for (let i = 1; i <= 3; i++) {
    const socket = await connectTo(port)
    socket.write('GET /api HTTP/1.1\r\nHost: weir\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    await once(socket, 'data')
    socket.destroy()
    await logged(i)
  }
  finished.length = 0 // exchanges know their tunnels
  for (let i = 0; i < 100 && made.some((ref) => ref.deref() !== undefined); i++) {
    await turn()
    gc()
  }
  t.equal(made.length, 3)
  t.equal(made.filter((ref) => ref.deref() !== undefined).length, 0)
})
