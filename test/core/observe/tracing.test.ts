import t from 'tap'
import { HeaderList } from '../../../core/api/header-list.ts'
import { methodLabel } from '../../../core/api/method-label.ts'
import { parseTraceparent, traceIdOf } from '../../../core/observe/traceparent.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

t.test('traceparent by W3C Trace Context', async (t) => {
  const table: [value: string, sampled: boolean | undefined, why: string][] = [
    [`00-${TRACE}-${SPAN}-01`, true, 'sampled'],
    [`00-${TRACE}-${SPAN}-00`, false, 'not sampled'],
    [`00-${TRACE}-${SPAN}-03`, true, 'the random flag beside it'],
    [`00-${TRACE}-${SPAN}-02`, false, 'the random flag alone'],
    [`cc-${TRACE}-${SPAN}-01`, true, 'a later version of the same length'],
    [`cc-${TRACE}-${SPAN}-01-what-ever`, true, 'a later version with more'],
    [`cc-${TRACE}-${SPAN}-01.more`, undefined, 'a later version, badly continued'],
    [`ff-${TRACE}-${SPAN}-01`, undefined, 'version ff is forbidden'],
    [`00-${TRACE}-${SPAN}-01-more`, undefined, 'version 00 has no more'],
    [`00-${TRACE}-${SPAN}-01-`, undefined, 'a dash at the end'],
    [`00-${'0'.repeat(32)}-${SPAN}-01`, undefined, 'a zero trace id'],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined, 'a zero span id'],
    [`00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined, 'upper case'],
    [`00-${TRACE.slice(1)}-${SPAN}-01`, undefined, 'a short trace id'],
    [`00-${TRACE}0-${SPAN}-01`, undefined, 'a long trace id'],
    [`00-${TRACE}-${SPAN}-0`, undefined, 'short flags'],
    [`00-${TRACE}-${SPAN}-0x`, undefined, 'flags that are no digits'],
    [`0-${TRACE}-${SPAN}-01`, undefined, 'a short version'],
    [`00-${TRACE}-${SPAN}`, undefined, 'no flags'],
    [` 00-${TRACE}-${SPAN}-01`, undefined, 'a space before'],
    [`00-${TRACE}-${SPAN}-01\n`, undefined, 'a newline behind'],
    ['', undefined, 'empty'],
  ]
  for (const [value, sampled, why] of table)
    t.strictSame(
      parseTraceparent(value),
      sampled === undefined ? undefined : { traceId: TRACE, spanId: SPAN, sampled },
      why,
    )
})

t.test('the trace id of headers', async (t) => {
  const valid = `00-${TRACE}-${SPAN}-01`
  t.equal(traceIdOf(HeaderList.of({ Traceparent: valid })), TRACE)
  t.equal(traceIdOf(HeaderList.of({ traceparent: [valid, valid] })), undefined, 'two of them contradict each other')
  t.equal(traceIdOf(HeaderList.of({ traceparent: 'nonsense' })), undefined)
  t.equal(traceIdOf(HeaderList.of({})), undefined)
})

t.test('methods outside the known set share a label', async (t) => {
  t.equal(methodLabel('PATCH'), 'PATCH')
  t.equal(methodLabel('QUERY'), 'QUERY')
  t.equal(methodLabel('PROPFIND'), '_OTHER')
  t.equal(methodLabel('get'), '_OTHER', 'methods are case-sensitive (RFC 9110 §9.1)')
})
