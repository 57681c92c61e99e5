import { once } from 'node:events'
import t from 'tap'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { MinRate, minRate } from '../../../core/http/min-rate.ts'
import { proxied } from '../../filters/proxy/support.ts'
import { connectTo } from '../../support/client.ts'

/** A wheel whose time passes only when the test says so. */
function manual() {
  const time = { now: 0 }
  const timers = new TimerWheel({ now: () => time.now, manual: true })
  const pass = (ms: number): void => {
    for (const end = time.now + ms; time.now < end; ) {
      time.now += 50
      timers.advance()
    }
  }
  return { timers, pass, clock: { now: () => time.now, wall: () => time.now } }
}

function rated(rate: number) {
  const { timers, pass } = manual()
  let late = 0
  return { rate: new MinRate(timers, rate, () => late++), pass, late: () => late, timers }
}

t.test('a client may fall behind by the window, and no more', (t) => {
  const { rate, pass, late, timers } = rated(1000)
  rate.wait()
  pass(9900)
  t.equal(late(), 0)
  pass(300)
  t.equal(late(), 1)
  pass(60_000)
  t.equal(late(), 1, 'once')
  t.equal(timers.size, 0)
  t.end()
})

t.test('bytes earn time, up to the window', (t) => {
  const { rate, pass, late } = rated(1000)
  rate.wait()
  for (let i = 0; i < 60; i++) {
    pass(1000)
    rate.moved(1000)
  }
  t.equal(late(), 0, 'exactly the rate')
  rate.moved(1_000_000)
  pass(10_300)
  t.equal(late(), 1, 'what came before is not saved up')
  t.end()
})

t.test('half of the rate lasts twice the window', (t) => {
  const { rate, pass, late } = rated(1000)
  rate.wait()
  let seconds = 0
  for (; late() === 0 && seconds < 100; seconds++) {
    pass(1000)
    rate.moved(500)
  }
  t.ok(seconds >= 19 && seconds <= 21, `${seconds} s`)
  t.end()
})

t.test('time in which the gateway does not wait costs nothing', (t) => {
  const { rate, pass, late, timers } = rated(1000)
  for (let i = 0; i < 9; i++) {
    rate.wait()
    pass(1000)
    rate.stop()
    t.equal(timers.size, 0)
    pass(60_000)
  }
  t.equal(late(), 0)
  rate.wait()
  pass(1300)
  t.equal(late(), 1)
  t.end()
})

t.test('to wait again gives no time back, and what was paid in advance is not saved up', (t) => {
  const { rate, pass, late } = rated(1000)
  for (let i = 0; i < 3; i++) {
    rate.wait()
    pass(4000)
  }
  t.equal(late(), 1)
  const other = rated(1000)
  other.rate.wait(1_000_000)
  other.rate.stop()
  other.rate.wait()
  other.pass(10_300)
  t.equal(other.late(), 1)
  t.end()
})

t.test('bytes to be taken are paid in advance', (t) => {
  const { rate, pass, late } = rated(1000)
  rate.wait(50_000)
  pass(59_800)
  t.equal(late(), 0)
  rate.stop()
  rate.wait(0)
  pass(500)
  t.equal(late(), 1)
  t.equal(
    minRate(manual().timers, 0, () => {}),
    undefined,
    'no rate, no limit',
  )
  t.end()
})

t.test('an upload below the rate gets 408, though it never stalls', async (t) => {
  const { timers, pass, clock } = manual()
  const { port } = await proxied(t, (req, res) => void req.resume().on('end', () => res.end('ok')), {
    limits: { minRate: 100, bodyTimeoutMs: 3_600_000 },
    time: { clock, timers },
    proxy: { timeout: '1h' },
  })
  const client = await connectTo(port)
  let received = ''
  client.on('data', (chunk) => (received += chunk.toString('latin1')))
  client.on('error', () => {})
  client.write('POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n')
  while (received === '') {
    client.write('x'.repeat(20))
    await new Promise((resolve) => setTimeout(resolve, 2))
    pass(500)
  }
  t.match(received, /^HTTP\/1\.1 408 /)
  client.destroy()
})

t.test('a client that takes a response below the rate is reset', async (t) => {
  const { timers, pass, clock } = manual()
  const { port, logged, finished } = await proxied(t, (_req, res) => void res.end(Buffer.alloc(50_000_000)), {
    limits: { minRate: 1024 * 1024 },
    time: { clock, timers },
    proxy: { timeout: '1h' },
  })
  const client = await connectTo(port)
  const error = once(client, 'error') as Promise<[NodeJS.ErrnoException]>
  client.write('GET /api HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(client, 'readable')
  let over = false
  void logged(1).then(() => (over = true))
  while (!over) {
    client.read(1000)
    await new Promise((resolve) => setTimeout(resolve, 2))
    pass(500)
  }
  t.match(finished, [{ outcome: 'aborted', status: 200, error: { code: 'client_stalled' } }])
  client.resume()
  t.equal((await error)[0].code, 'ECONNRESET')
})
