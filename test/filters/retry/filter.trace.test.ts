import t from 'tap'
import { silentLogger } from '../../../core/api/logger.ts'
import { systemClock } from '../../../core/base/clock.ts'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { Catalog } from '../../../core/build/catalog.ts'
import { Runtime } from '../../../core/chain/runtime.ts'
import { FILTERS } from '../../../core/main/built-in.ts'
import { Gateway } from '../../../core/main/gateway.ts'
import { Metrics } from '../../../core/observe/metrics.ts'
import { specOf } from '../../../core/testing.ts'
import { make } from '../../plugins/telemetry/recorder.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

t.test('each attempt is a client span, and says the how manieth', async (t) => {
  const parents: string[] = []
  const upstream = await startUpstream((req, res) => {
    parents.push(String(req.headers.traceparent).slice(36, 52))
    res.writeHead(parents.length < 3 ? 503 : 200).end()
  })
  t.teardown(() => upstream.close())
  const { tracing, recorder } = make()
  const runtime = new Runtime({
    clock: systemClock,
    timers: new TimerWheel(),
    logger: silentLogger,
    meter: new Metrics(),
    tracing,
  })
  const catalog = new Catalog(FILTERS.map((factory) => [factory, 'test'] as const))
  const gateway = new Gateway({ runtime, catalog, baseDir: '.' })
  t.teardown(() => gateway.close(1000))
  await gateway.load(specOf([{ name: 'api', url: upstream.url }], [['route-match', { prefix: '' }], 'retry', 'proxy']))
  await gateway.open()
  t.equal((await send(`http://127.0.0.1:${gateway.address('proxy')!.port}/api`)).status, 200)
  while (recorder.spans.some(({ end }) => end === undefined)) await new Promise(setImmediate)
  const clients = recorder.spans.filter(({ attributes }) => 'url.full' in attributes)
  t.same(
    clients.map(({ attributes }) => [attributes['http.request.resend_count'], attributes['http.response.status_code']]),
    [
      [undefined, 503],
      [1, 503],
      [2, 200],
    ],
  )
  t.same(
    clients.map(({ spanId }) => spanId),
    parents,
  )
})
