// Opens connections with one request each, and keeps them. Argument: JSON with port, path, headers, connections. Prints `open`, then
// waits to be ended.
import { RawConnection, requestBytes } from './raw-connection.ts'

interface Options {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
}

/** So few at a time that what is measured is idle connections, and not a crowd of requests. */
const AT_ONCE = 32

const { port, path, headers, connections } = JSON.parse(process.argv[2]!) as Options
const request = requestBytes(port, path, headers)
const buffer = Buffer.allocUnsafe(64 * 1024)
let opened = 0
let done = 0

function open(): void {
  if (opened++ >= connections) return
  const connection = new RawConnection(port, buffer, (_, good) => {
    if (!good) {
      console.error('a connection was closed, or its request failed')
      process.exit(1)
    }
    if (++done === connections) console.log('open')
    else open()
  })
  connection.send(request)
}
for (let i = 0; i < AT_ONCE; i++) open()
