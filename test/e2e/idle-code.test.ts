// What is compiled while a gateway is busy stays compiled while it is idle: V8 does not collect to save memory then, which drops it.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { CostedGateway } from '../support/costed-gateway.ts'

/** V8 waits eight seconds; here it looks again and again whether little was allocated in the last five. */
const FLAGS = ['--trace-memory-reducer', '--memory-reducer-delay-ms=100', '--gc-memory-reducer-start-delay-ms=100']
/** Without the gateway's setting V8 begins after three seconds. */
const IDLE_MS = 8000

t.test('an idle gateway is not collected to save memory', async (t) => {
  const gateway = await CostedGateway.start(t, FLAGS)
  let out = ''
  gateway.child.stdout!.on('data', (data) => (out += data))
  await gateway.burst(20_000, 50)
  await sleep(IDLE_MS)
  t.match(out, /Memory reducer/, 'V8 tells of it')
  t.notMatch(out, /started GC/)
})
