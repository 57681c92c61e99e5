// Load at a fixed rate, whatever the gateway does. A request whose time has come waits for a free connection, and its latency counts from
// the time at which it was due, so that a gateway that stops does not stop the measurement too (coordinated omission).
// Argument: JSON with url, path, headers, connections, rate, seconds. Prints JSON.
import { RawConnection, requestBytes } from './raw-connection.ts'
import { quantile } from './statistics.ts'

interface Options {
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly rate: number
  readonly seconds: number
}

/** How long the last responses may take. */
const PATIENCE_MS = 10_000
/** Longest sleep between two looks at the sockets. Timers count in whole milliseconds, which would hide what is measured. */
const NAP_MS = 0.05

const { url, path, headers, connections, rate, seconds } = JSON.parse(process.argv[2]!) as Options
const port = Number(new URL(url).port)
const request = requestBytes(port, path, headers)
const total = Math.max(1, Math.round(rate * seconds))

const idle: RawConnection[] = []
/** When the request of a connection was due. */
const due = new Map<RawConnection, number>()
/** When each request was due that waits for a connection. */
const waiting: number[] = []
const latencies: number[] = []
let failed = 0
let opened = 0

const buffer = Buffer.allocUnsafe(64 * 1024)
const onResponse = (connection: RawConnection, good: boolean): void => {
  const since = due.get(connection)
  due.delete(connection)
  if (!good) {
    failed++
    return
  }
  // The first response of each connection counts for nothing: it pays for the connection.
  if (since === undefined) opened++
  else latencies.push(performance.now() - since)
  idle.push(connection)
}
const all = Array.from({ length: connections }, () => {
  const connection = new RawConnection(port, buffer, onResponse)
  connection.send(request)
  return connection
})

const nap = new Int32Array(new SharedArrayBuffer(4))
let begun = 0
let sent = 0

function finish(): void {
  for (const connection of all) connection.close()
  failed += total - latencies.length
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
  console.log(
    JSON.stringify({ requests: latencies.length, seconds: (performance.now() - begun) / 1000, p50, p99, failed }),
  )
}

function turn(): void {
  const now = performance.now()
  if (begun === 0) {
    if (opened === connections) begun = now
    else if (failed > 0 || now > PATIENCE_MS) return finish()
  } else {
    for (; sent < total && begun + (sent * 1000) / rate <= now; sent++) waiting.push(begun + (sent * 1000) / rate)
    let taken = 0
    for (; taken < waiting.length && taken < idle.length; taken++) {
      due.set(idle[taken]!, waiting[taken]!)
      idle[taken]!.send(request)
    }
    idle.splice(0, taken)
    waiting.splice(0, taken)
    if (latencies.length === total || failed > 0 || now > begun + seconds * 1000 + PATIENCE_MS) return finish()
  }
  // The upstream has this core too.
  Atomics.wait(nap, 0, 0, NAP_MS)
  setImmediate(turn)
}
turn()
