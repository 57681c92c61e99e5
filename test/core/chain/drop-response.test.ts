import { Duplex } from 'node:stream'
import t from 'tap'
import { Body } from '../../../core/api/body.ts'
import { dropResponse } from '../../../core/chain/drop-response.ts'

/** A body that says with what it was cancelled. */
function watched() {
  const cancelled: unknown[] = []
  const source = { start() {}, pause() {}, resume() {}, cancel: (error?: Error) => void cancelled.push(error) }
  return { body: new Body(source, undefined), cancelled }
}

t.test('what holds on to a source or a socket is freed', async (t) => {
  const { body, cancelled } = watched()
  const socket = new Duplex()
  const error = new Error('gone')
  dropResponse({ body, upgrade: { socket } }, error)
  t.strictSame(cancelled, [error])
  t.ok(socket.destroyed)
})

t.test('whatever part of it there is', async (t) => {
  for (const upgrade of [undefined, null, {}, { socket: null }, { socket: {} }, 'text']) {
    const { body, cancelled } = watched()
    dropResponse({ body, upgrade })
    t.equal(cancelled.length, 1, String(upgrade))
  }
  for (const body of [undefined, null, 'text', {}, { discard: 1 }]) {
    const socket = new Duplex()
    dropResponse({ body, upgrade: { socket } })
    t.ok(socket.destroyed, String(body))
  }
  for (const nothing of [undefined, null, 7, 'text', {}, () => {}]) dropResponse(nothing)
})
