import t from 'tap'
import { judge, type Line, markdown, type Report } from './report.ts'

t.test('a value reaches the goal, what it must, or neither', async (t) => {
  const atMost = { must: 1.15, goal: 1.05 }
  t.equal(judge(1.05, atMost), 'goal')
  t.equal(judge(1.06, atMost), 'must')
  t.equal(judge(1.16, atMost), 'missed')
  const atLeast = { must: 1.5, goal: 1.7, atLeast: true }
  t.equal(judge(1.8, atLeast), 'goal')
  t.equal(judge(1.5, atLeast), 'must')
  t.equal(judge(1.49, atLeast), 'missed')
  t.equal(judge(2, undefined), 'no bound')
})

const line: Line = {
  case: 'default',
  what: 'Weir ÷ bare',
  of: 'cpu',
  unit: '',
  value: { median: 1.1, low: 1, high: 1.2 },
  difference: { median: 4.5, low: -0.25, high: 12.34 },
  itself: [
    { median: 1, low: 0.9, high: 1.1 },
    { median: 1.01, low: 0.95, high: 1.05 },
  ],
  bound: { must: 1.15, goal: 1.05 },
  verdict: 'must',
}
const report: Report = {
  machine: 'a machine',
  date: '2026-01-31',
  rounds: 9,
  seconds: 2,
  leftOut: { default: 3, post: 0 },
  missing: ['peers: haproxy: there is no haproxy'],
  lines: [line, { ...line, of: 'rate', bound: { must: 1.5, goal: 1.7, atLeast: true }, verdict: 'missed' }],
  programs: [],
}

t.test('the table has ratio, spread, bounds, and whether each is reached', async (t) => {
  const text = markdown(report)
  t.match(
    text,
    '| default | Weir ÷ bare, processor time per request | 1.10 (1.00–1.20) | 4.50 (−0.25 to 12.3) | 1.00 (0.90–1.10), 1.01 (0.95–1.05) | ≤ 1.15 | ≤ 1.05 | ✓ must |',
  )
  t.match(text, '| ≥ 1.5 | ≥ 1.7 | ✗ |')
})

t.test('it says what was left out and what is missing', async (t) => {
  const text = markdown(report)
  t.match(text, 'Rounds left out because the host took time away: default 3.')
  t.match(text, '**Missing:** peers: haproxy: there is no haproxy')
})
