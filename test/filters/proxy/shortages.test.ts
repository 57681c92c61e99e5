import t from 'tap'
import { MemoryMeter } from '../../../core/testing/memory-meter.ts'
import { RecordingLogger } from '../../../core/testing/recording-logger.ts'
import { Shortages, shortageOf } from '../../../filters/proxy/shortages.ts'
import { failureOf } from '../../../filters/proxy/upstream-errors.ts'

const failed = (code: string, errors?: readonly Error[]): Error => {
  const error = errors === undefined ? new Error(code) : new AggregateError(errors)
  return Object.assign(error, { code })
}

t.test('what the gateway itself has run out of', (t) => {
  for (const code of ['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL']) {
    t.equal(shortageOf(failed(code)), code)
    t.match(failureOf(failed(code), false, false), { code: 'gateway_exhausted', status: 503, retryable: false })
  }
  t.equal(shortageOf(failed('ECONNREFUSED')), undefined)
  t.equal(shortageOf({}), undefined)
  t.end()
})

t.test('of several addresses, all must have failed so', (t) => {
  const both = (second: string): Error => failed('EADDRNOTAVAIL', [failed('EADDRNOTAVAIL'), failed(second)])
  t.equal(shortageOf(both('ECONNREFUSED')), undefined, 'a machine without IPv6, and an upstream that is down')
  t.match(failureOf(both('ECONNREFUSED'), false, false), { code: 'upstream_connect_failed' })
  t.equal(shortageOf(both('EADDRNOTAVAIL')), 'EADDRNOTAVAIL')
  t.end()
})

t.test('each is counted, and logged once in ten seconds', (t) => {
  let now = 0
  const meter = new MemoryMeter()
  const log = new RecordingLogger()
  const shortages = new Shortages({ clock: { now: () => now, wall: () => now }, log, meter })
  t.equal(shortages.note(failed('ECONNREFUSED')), false)
  for (; now <= 10_000; now += 1000) t.equal(shortages.note(failed('EMFILE')), true)
  t.equal(shortages.note(failed('EADDRNOTAVAIL')), true)
  t.match(
    log.lines.map(({ fields }) => fields),
    [{ code: 'EMFILE' }, { code: 'EMFILE' }, { code: 'EADDRNOTAVAIL' }],
  )
  t.end()
})
