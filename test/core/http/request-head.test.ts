import t from 'tap'
import { defineFilter, reply } from '../../../core/index.ts'
import { startGateway } from '../../../core/testing.ts'
import { sendRaw } from '../../support/client.ts'

/** How many of two requests on one connection, sent at once, are served, and what is said of the connection after the first. */
async function served(port: number, version: string, fields: readonly string[]): Promise<[number, string | undefined]> {
  const first = [`GET / HTTP/${version}`, 'Host: a', ...fields, '', ''].join('\r\n')
  const last = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  const received = await sendRaw(port, first + last)
  const heads = received.split('HTTP/1.1 200').slice(1)
  return [heads.length, /^connection: (.*)\r$/im.exec(heads[0]!)?.[1]]
}

t.test('which request is the last of its connection', async (t) => {
  const greet = defineFilter({ name: 'greet', apiVersion: 1, create: () => ({ request: () => reply(200, 'hello') }) })
  await using gateway = await startGateway('filters: [greet, route-match, proxy]\n', { filters: [greet] })
  // RFC 9112 §9.3: of 1.0, whatever does not ask to be kept; of 1.1, what asks not to be.
  for (const [version, fields, count] of [
    ['1.0', [], 1],
    ['1.0', ['Connection: keep-alive'], 2],
    ['1.0', ['connection: foo, Keep-Alive'], 2],
    ['1.0', ['Connection: foo', 'Connection: keep-alive'], 2],
    ['1.0', ['Connection: keep-alive', 'Connection: foo'], 2],
    ['1.0', ['Connection: keep-alive, close'], 1],
    ['1.0', ['Connection: Close', 'Connection: keep-alive'], 1],
    ['1.0', ['Connection: keep-alive-not'], 1],
    ['1.0', ['Proxy-Connection: keep-alive'], 1],
    ['1.0', ['X-Other: keep-alive'], 1],
    ['1.0', ['Connection: keep-alive', 'X-Other: close'], 2],
    ['1.1', [], 2],
    ['1.1', ['Connection: foo'], 2],
    ['1.1', ['X-Other: close'], 2],
    ['1.1', ['Connection: close'], 1],
    ['1.1', ['Connection: foo, CLOSE'], 1],
  ] as const) {
    const name = [version, ...fields].join(' | ')
    const [found, said] = await served(gateway.port, version, fields)
    t.equal(found, count, name)
    t.equal(said, count === 1 ? 'close' : 'keep-alive', name)
  }
})
