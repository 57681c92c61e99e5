import t from 'tap'
import { systemClock } from '../../../core/base/clock.ts'
import { specOf, startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

/** Its head, the attempt's start, its head and its end, the breaker, the end of the response. */
const READINGS = 6
/** What else reads it meanwhile: the looks at idle connections. */
const BESIDE = 5

t.test('the clock is read a few times per request of the default chain', async (t) => {
  let readings = 0
  const clock = {
    ...systemClock,
    now: () => {
      readings++
      return systemClock.now()
    },
  }
  const upstream = await startUpstream((_request, response) => void response.end('up'))
  const gateway = await startGateway(specOf([{ name: 'api', url: upstream.url }]), { clock })
  t.teardown(() => gateway.close())
  t.teardown(() => upstream.close())
  const url = `${gateway.url}/orchestrator/api`
  t.equal((await send(url)).status, 200)
  const before = readings
  for (let i = 0; i < 20; i++) t.equal((await send(url)).status, 200)
  t.ok(readings - before <= 20 * READINGS + BESIDE, `${(readings - before) / 20} readings per request`)
})
