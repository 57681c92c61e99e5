import t from 'tap'
import { functionRows, functionTable, groupTable } from './profile-tables.ts'
import { type CallFrame, type CpuProfile, groupOf, groupTimes, scaledTo, selfTimes, sumOf } from './profile-times.ts'

const ROOT = '/home/weir/'
const frame = (functionName: string, url = '', lineNumber = -1): CallFrame => ({ functionName, url, lineNumber })

t.test('each function has its group', async (t) => {
  const of = (functionName: string, url?: string) => groupOf(frame(functionName, url))
  t.equal(of('call', 'file:///home/weir/core/chain/attempts.ts'), 'own')
  t.equal(of('emit', 'node:events'), 'node')
  t.equal(
    of('fetch', 'node:internal/deps/undici/undici'),
    'node',
    'the undici inside Node is not the one that Weir uses',
  )
  t.equal(of('dispatch', 'file:///home/weir/node_modules/undici/lib/core/request.js'), 'undici')
  t.equal(of('wasm-function[20]', 'wasm://wasm/00034eea'), 'undici', 'its parser')
  t.equal(of('write', 'file:///home/weir/node_modules/pino/pino.js'), 'packages')
  t.equal(of('(garbage collector)'), 'gc')
  t.equal(of('writev'), 'calls')
  t.equal(of('latin1Slice'), 'native')
  t.equal(of('(program)'), 'native')
  t.equal(of('(idle)'), undefined)
})

const nodes = [
  frame('(root)'),
  frame('(idle)'),
  frame('writev'),
  frame('call', 'file:///home/weir/core/chain/attempts.ts', 41),
  frame('', 'node:net', 9),
  frame('parse', 'file:///home/weir/node_modules/undici/lib/a.js', 0),
  // The same function, called from elsewhere.
  frame('call', 'file:///home/weir/core/chain/attempts.ts', 41),
].map((callFrame, id) => ({ id, callFrame }))
/** Idle 1000 µs, writev 200, call 100, anonymous 50, call 300, parse 150; the last sample has no end. */
const profile: CpuProfile = {
  nodes,
  samples: [1, 2, 3, 4, 6, 5, 2],
  timeDeltas: [77, 1000, 200, 100, 50, 300, 150],
}

t.test('self time per request: a sample holds until the next one, idle time is left out', async (t) => {
  t.same(selfTimes([profile], 10, ROOT), [
    { name: 'call', place: 'core/chain/attempts.ts:42', group: 'own', us: 40 },
    { name: 'writev', place: '', group: 'calls', us: 20 },
    { name: 'parse', place: 'undici/lib/a.js:1', group: 'undici', us: 15 },
    { name: '(anonymous)', place: 'node:net:10', group: 'node', us: 5 },
  ])
  t.same(
    selfTimes([profile, profile], 20, ROOT),
    selfTimes([profile], 10, ROOT),
    'profiles of several turns are added up',
  )
})

t.test('groups add up to the processor time that was measured', async (t) => {
  const times = scaledTo(selfTimes([profile], 10, ROOT), 40)
  t.equal(sumOf(times), 40)
  t.same(groupTimes(times), { own: 20, node: 2.5, undici: 7.5, packages: 0, gc: 0, calls: 10, native: 0 })
})

t.test('two gateways side by side', async (t) => {
  const weir = selfTimes([profile], 10, ROOT)
  const bare = selfTimes([{ nodes, samples: [2, 0], timeDeltas: [0, 600] }], 10, ROOT)
  t.same(functionRows(bare, weir).slice(0, 2), [
    { name: 'writev', place: '', bare: 60, weir: 20 },
    { name: 'call', place: 'core/chain/attempts.ts:42', bare: 0, weir: 40 },
  ])
  t.match(functionTable(functionRows(bare, weir)), '| writev | native | 60.00 | 20.00 |')
  const of = (times: typeof weir) => ({ times, threads: 2, total: sumOf(times) + 2, profiled: 0 })
  const table = groupTable(of(bare), of(weir))
  t.match(table, '| own code | 0.00 | 40.00 | 40.00 |')
  t.match(table, '| **processor time of the process** | 62.00 | 82.00 | 20.00 |')
})
