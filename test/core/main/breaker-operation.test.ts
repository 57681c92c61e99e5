import t from 'tap'
import { systemClock } from '../../../core/base/clock.ts'
import { operateBreakers } from '../../../core/main/breaker-operation.ts'
import type { BreakerHandle } from '../../../core/state/endpoint-state.ts'
import { EndpointRegistry } from '../../../core/state/registry.ts'
import { endpoint, RecordingLogger } from '../../../core/testing.ts'

function breaker(filter: string, target?: string): BreakerHandle {
  let phase: BreakerHandle['phase'] = 'closed'
  return {
    filter,
    target,
    get phase() {
      return phase
    },
    trip: () => {
      phase = 'open'
    },
    reset: () => {
      phase = 'closed'
    },
  }
}

t.test('the breakers that are meant, and no others', async (t) => {
  const registry = new EndpointRegistry(systemClock, new RecordingLogger())
  registry.sync([endpoint('api')])
  for (const one of [breaker('a'), breaker('b', 'http://x'), breaker('b', 'http://y')])
    registry.get('api')!.breakers.add(one)
  const open = (which?: object | null) => {
    operateBreakers(registry, { operation: 'reset', endpoint: 'api', which: undefined })
    const views = operateBreakers(registry, { operation: 'trip', endpoint: 'api', which: which as undefined })!
    t.equal(views.length, 3)
    return views.filter(({ phase }) => phase === 'open').map(({ filter, target }) => `${filter} ${target}`)
  }
  const all = ['a null', 'b http://x', 'b http://y']
  for (const everything of [undefined, null, {}]) t.strictSame(open(everything), all)
  t.strictSame(open({ filter: 'b' }), all.slice(1))
  t.strictSame(open({ target: null }), ['a null'])
  t.strictSame(open({ filter: 'b', target: 'http://y' }), ['b http://y'])
  t.strictSame(open({ filter: 'b', target: null }), [])
  t.equal(operateBreakers(registry, { operation: 'trip', endpoint: 'other', which: undefined }), undefined)
})
