import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { LeanRequest } from '../../../core/http/lean-request.ts'
import { sendRaw } from '../../support/client.ts'

t.test('headers are there where somebody looks for one', async (t) => {
  const seen: IncomingHttpHeaders[] = []
  const options = { IncomingMessage: LeanRequest, optimizeEmptyRequests: true, requireHostHeader: false }
  const server = createServer(options as object, (req, res) => {
    seen.push(req.headers)
    req.resume()
    res.end()
  })
  server.on('checkContinue', (req, res) => {
    seen.push(req.headers)
    res.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const ask = (head: string, body = ''): Promise<string> =>
    sendRaw(port, `GET / ${head}\r\nConnection: close\r\n\r\n${body}`)
  await ask('HTTP/1.1\r\nHost: a\r\nCookie: b')
  await ask('HTTP/1.1\r\nhost: a\r\nCONTENT-LENGTH: 1', 'x')
  await ask('HTTP/1.1\r\nTransfer-Encoding: chunked', '0\r\n\r\n')
  await ask('HTTP/1.1\r\nExpect: 100-continue')
  await ask('HTTP/1.0\r\nCookie: b')
  t.match(
    seen.map(({ connection: _, ...rest }) => rest),
    [
      {},
      { host: 'a', 'content-length': '1' },
      { 'transfer-encoding': 'chunked' },
      { expect: '100-continue' },
      { cookie: 'b' },
    ],
  )
  t.same(Object.keys(seen[0]!), [])
})
