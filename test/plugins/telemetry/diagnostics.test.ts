import t from 'tap'
import type { Logger } from '../../../core/api/logger.ts'
import { ManualClock } from '../../../core/testing.ts'
import { diagnosticsTo } from '../../../plugins/telemetry/diagnostics.ts'

function make() {
  const clock = new ManualClock()
  const lines: [level: string, fields: object, message: string][] = []
  const at = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message])
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
  return { clock, lines, diag: diagnosticsTo(log, clock) }
}

t.test('what repeats is said once a minute, with a count', async (t) => {
  const { clock, lines, diag } = make()
  for (let i = 0; i < 13; i++) {
    diag.error(`{"stack":"Error: at x","message":"connect ECONNREFUSED 127.0.0.1:${4000 + i}","name":"Error"}`)
    clock.advance(5000)
  }
  diag.warn('something else')
  t.strictSame(lines, [
    ['warn', { source: 'opentelemetry' }, 'Error connect ECONNREFUSED 127.0.0.1:4000'],
    ['warn', { source: 'opentelemetry', repeated: 11 }, 'Error connect ECONNREFUSED 127.0.0.1:4012'],
    ['warn', { source: 'opentelemetry' }, 'something else'],
  ])
})

t.test('levels and details', async (t) => {
  const { lines, diag } = make()
  const circular: Record<string, unknown> = {}
  circular.self = circular
  diag.info('i', { a: 1 }, new Error('e'))
  diag.debug('d', circular)
  diag.verbose('{not json')
  diag.warn('{}', undefined)
  diag.warn('x'.repeat(5000))
  t.strictSame(
    lines.map(([level, , message]) => [level, message.slice(0, 20)]),
    [
      ['info', 'i {"a":1} e'],
      ['debug', 'd [object Object]'],
      ['debug', '{not json'],
      ['warn', '{} undefined'],
      ['warn', 'x'.repeat(20)],
    ],
  )
  t.equal(lines.at(-1)![2].length, 1024)
})

t.test('many different messages take bounded memory', async (t) => {
  const { lines, diag } = make()
  for (let i = 0; i < 200; i++) diag.warn(`kind ${String.fromCharCode(0x4e00 + i)}`)
  t.equal(lines.length, 200)
})
