import t from 'tap'
import { specOf, startGateway } from '../../../core/testing.ts'
import { send, sendRaw } from '../../support/client.ts'

t.test('OPTIONS * is for the gateway itself', async (t) => {
  const running = await startGateway(specOf([]))
  t.teardown(() => running.close())
  const answer = await sendRaw(running.port, 'OPTIONS * HTTP/1.1\r\nHost: weir\r\n\r\n', (all) =>
    all.includes('\r\n\r\n'),
  )
  t.match(answer, /^HTTP\/1.1 204 No Content\r\n/)
  t.match(answer, /\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n/)
  t.notMatch(answer, /content-length/i)
  await running.logged(1)
  t.match(running.finished, [
    { outcome: 'completed', status: 204, exchange: { response: { local: { reason: 'options' } } } },
  ])
  t.equal((await send(running.url, { method: 'OPTIONS' })).status, 404, 'a path is an endpoint’s matter')
  t.match(await sendRaw(running.port, 'GET * HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 404 /)
})

t.test('OPTIONS * with a body keeps its connection', async (t) => {
  const running = await startGateway(specOf([]))
  t.teardown(() => running.close())
  const options = 'OPTIONS * HTTP/1.1\r\nHost: weir\r\nContent-Length: 5\r\n\r\nhello'
  const answers = await sendRaw(running.port, `${options}${options}`, (all) => all.split('HTTP/1.1 204').length === 3)
  t.equal(answers.split('HTTP/1.1 204').length, 3)
})
