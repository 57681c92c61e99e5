import { Transform } from 'node:stream'
import t from 'tap'
import { defineFilter, reply } from '../../../core/index.ts'
import { startGateway } from '../../../core/testing.ts'
import { sendRaw } from '../../support/client.ts'

/** Replies, and reads the request's body when the head and a part of the reply have been sent. */
const late = defineFilter({
  name: 'late',
  apiVersion: 1,
  create: () => ({
    request: () => reply(200, 'late', { body: '>' }),
    response(x) {
      const echo = async (): Promise<string> => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        return `${await x.request.body.buffer(100)}`
      }
      x.response.body.through(
        new Transform({
          transform(chunk, _encoding, done) {
            this.push(chunk)
            echo().then((text) => done(null, text), done)
          },
        }),
      )
    },
  }),
})

t.test('no 100 stands in a response that has begun (RFC 9110 §15.2)', async (t) => {
  await using gateway = await startGateway('filters: [late, route-match, proxy]\n', { filters: [late] })
  for (const expect of ['', 'Expect: 100-continue\r\n']) {
    const head = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${expect}Content-Length: 3\r\n\r\n`
    const received = await sendRaw(gateway.port, `${head}abc`)
    t.match(received, /^HTTP\/1.1 200 OK\r\n/)
    t.equal(received.slice(received.indexOf('\r\n\r\n')), '\r\n\r\n1\r\n>\r\n3\r\nabc\r\n0\r\n\r\n', expect)
  }
})
