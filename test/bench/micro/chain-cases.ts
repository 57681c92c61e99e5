import { Body } from '../../../core/api/body.ts'
import { Exchange } from '../../../core/api/exchange.ts'
import { defineFilter } from '../../../core/api/filter-factory.ts'
import { HeaderList } from '../../../core/api/header-list.ts'
import { ExchangeRequest } from '../../../core/api/request.ts'
import { systemClock } from '../../../core/base/clock.ts'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { Catalog } from '../../../core/build/catalog.ts'
import type { Chain } from '../../../core/chain/chain.ts'
import { ChainRunner } from '../../../core/chain/chain-runner.ts'
import { Runtime } from '../../../core/chain/runtime.ts'
import { FILTERS } from '../../../core/main/built-in.ts'
import { Gateway } from '../../../core/main/gateway.ts'
import { Metrics } from '../../../core/observe/metrics.ts'
import { DEFAULT_CHAIN, exchange, RecordingLogger, specOf } from '../../../core/testing.ts'
import { type MicroCase, REQUEST_FIELDS } from './micro-case.ts'

/** In the place of `proxy`: an upstream that responds at once. */
const upstream = defineFilter({
  name: 'upstream',
  apiVersion: 1,
  terminal: true,
  create: () => ({
    call: () => ({ status: 200, statusText: 'OK', headers: new HeaderList(), body: Body.empty() }),
  }),
})

const { downstream } = exchange()

const exchangeTo = (path: string): Exchange =>
  new Exchange(
    new ExchangeRequest('GET', path, '', '1.1', HeaderList.sharing(REQUEST_FIELDS), Body.empty(), undefined),
    downstream,
    systemClock.now(),
  )

interface Ready {
  readonly chain: Chain
  readonly runtime: Runtime
}

async function chainOf(filters: readonly string[]): Promise<Ready> {
  const runtime = new Runtime({
    clock: systemClock,
    timers: new TimerWheel({ manual: true }),
    logger: new RecordingLogger(),
    meter: new Metrics(),
  })
  const catalog = new Catalog([...FILTERS, upstream].map((factory) => [factory, 'the benchmark'] as const))
  const gateway = new Gateway({ baseDir: process.cwd(), runtime, catalog })
  await gateway.load(specOf([{ name: 'api', url: 'http://127.0.0.1:1' }], filters))
  return { chain: gateway.live!.chains.get('proxy')!, runtime }
}

/** One exchange from its start to after `log`. @throws Error if the chain does not lead to the upstream, all at once */
function runThrough({ chain, runtime }: Ready): Exchange {
  const x = exchangeTo('/orchestrator/api/items')
  let status = 0
  const runner = new ChainRunner(x, chain, runtime, {
    deliver: (response) => {
      status = response.status
    },
    abandon: (error) => {
      throw error
    },
  })
  runner.start()
  if (status !== 200) throw new Error(`the chain responded with ${status}`)
  runner.finish({ outcome: 'completed', status, error: undefined, received: 0, sent: 0 })
  return x
}

export async function chainCases(): Promise<MicroCase[]> {
  const seven = await chainOf(DEFAULT_CHAIN.map((name) => (name === 'proxy' ? 'upstream' : name)))
  const shortest = await chainOf(['route-match', 'upstream'])
  return [
    { name: 'chain: an exchange, before any filter', run: () => exchangeTo('/orchestrator/api/items') },
    { name: 'chain: two filters, route and upstream', run: () => runThrough(shortest) },
    { name: 'chain: seven filters, all synchronous', run: () => runThrough(seven) },
  ]
}
