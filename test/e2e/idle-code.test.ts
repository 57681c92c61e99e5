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
  // It begins to look after a collection of the whole heap.
  for (let i = 0; i < 4 && !out.includes('Memory reducer'); i++) await gateway.burst(20_000, 50)
  await sleep(IDLE_MS)
  if (!out.includes('Memory reducer')) t.comment('V8 collected too little to look at all')
  t.notMatch(out, /started GC/)
})
