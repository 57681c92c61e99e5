import t from 'tap'
import { mergeActivity } from '../../../core/main/endpoint-activity.ts'

const target = (url: string, n: number) => ({ url, outstanding: n, attempts: 10 * n, failures: 100 * n })
const breaker = (phase: 'closed' | 'open' | 'half_open') => ({ filter: 'b', target: null, phase })

t.test('numbers are added up, and the worst phase counts', async (t) => {
  const merged = mergeActivity([
    new Map([['api', { targets: [target('a', 1)], breakers: [breaker('half_open')] }]]),
    new Map([
      ['api', { targets: [target('a', 2), target('b', 3)], breakers: [breaker('closed')] }],
      ['other', { targets: [], breakers: [breaker('open')] }],
    ]),
  ])
  t.strictSame(merged.get('api'), { targets: [target('a', 3), target('b', 3)], breakers: [breaker('half_open')] })
  t.strictSame(merged.get('other'), { targets: [], breakers: [breaker('open')] })
})
