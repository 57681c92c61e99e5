// What Weir is measured against: Node's http server and undici's dispatch(), no filters, nothing kept.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Dispatcher, Pool } from 'undici'

const pool = new Pool(process.argv[2]!, { allowH2: false, headersTimeout: 0, bodyTimeout: 0 })
const HOP = new Set(['host', 'connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'expect'])

const server = createServer((req, res) => {
  const headers: string[] = []
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    if (!HOP.has(req.rawHeaders[i]!.toLowerCase())) headers.push(req.rawHeaders[i]!, req.rawHeaders[i + 1]!)
  }
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart() {},
    onResponseStart(controller, status, _headers, statusText) {
      const raw = controller.rawHeaders as Buffer[]
      const fields: string[] = []
      for (let i = 0; i < raw.length; i += 2) {
        const name = raw[i]!.toString('latin1')
        if (!HOP.has(name.toLowerCase())) fields.push(name, raw[i + 1]!.toString('latin1'))
      }
      res.writeHead(status, statusText ?? '', fields)
    },
    onResponseData(controller, chunk) {
      if (!res.write(chunk)) {
        controller.pause()
        res.once('drain', () => controller.resume())
      }
    },
    onResponseEnd: () => void res.end(),
    onResponseError: () => void res.destroy(),
  }
  pool.dispatch({ path: req.url!, method: req.method!, headers, body: null, reset: false }, handler)
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
