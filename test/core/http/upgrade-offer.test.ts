import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { isLast, markLast, offeredProtocols, offerOf } from '../../../core/http/upgrade-offer.ts'

const message = (headers: Record<string, string>, httpVersion = '1.1'): IncomingMessage =>
  ({ httpVersion, headers }) as unknown as IncomingMessage

t.test('what happens to an offer', async (t) => {
  const upgrade = 'websocket'
  for (const [request, offer] of [
    [message({ upgrade }), 'switch'],
    [message({ upgrade, 'content-length': '0' }), 'switch'],
    [message({ upgrade, 'content-length': '1' }), 'last'],
    [message({ upgrade, 'content-length': 'x' }), 'last'],
    [message({ upgrade, 'transfer-encoding': 'chunked' }), 'last'],
    [message({ upgrade }, '1.0'), 'last'],
    [message({ upgrade: 'h2c' }), 'ignore'],
    [message({}), 'ignore'],
  ] as const)
    t.equal(offerOf(request, ['websocket']), offer, JSON.stringify(request))
})

t.test('the protocols that may be passed on', async (t) => {
  for (const [upgrade, offered] of [
    [undefined, undefined],
    ['', undefined],
    ['h2c', undefined],
    ['WebSocket', 'WebSocket'],
    ['h2c ,  websocket', 'websocket'],
    ['tls/1.3,websocket,h2c', 'tls/1.3, websocket'],
  ] as const)
    t.equal(offeredProtocols(upgrade, ['websocket', 'tls/1.3']), offered, String(upgrade))
})

t.test('the mark of the last request', async (t) => {
  const request = message({})
  t.notOk(isLast(request))
  markLast(request)
  t.ok(isLast(request))
})
