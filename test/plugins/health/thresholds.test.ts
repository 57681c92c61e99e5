import fc from 'fast-check'
import t from 'tap'
import { type Tally, tallied, UNCHECKED } from '../../../plugins/health/thresholds.ts'

/** The health after each of these checks: `+` passed, `-` failed. */
function course(checks: string, unhealthyThreshold: number, healthyThreshold: number): string {
  let tally: Tally = UNCHECKED
  return [...checks]
    .map((check) => {
      tally = tallied(tally, check === '+', { unhealthyThreshold, healthyThreshold })
      return { unknown: '?', healthy: 'h', unhealthy: 'u' }[tally.health]
    })
    .join('')
}

const TABLE: readonly [checks: string, unhealthy: number, healthy: number, course: string][] = [
  ['+', 1, 1, 'h'],
  ['-', 1, 1, 'u'],
  ['++', 3, 2, '?h'],
  ['---', 3, 2, '??u'],
  ['--+--+---', 3, 2, '????????u'],
  ['+-+-+-', 2, 2, '??????'],
  ['++--++', 2, 2, '?hhuuh'],
  ['++-+-+-', 2, 2, '?hhhhhh'],
  ['---+-+-++', 3, 2, '??uuuuuuh'],
  ['-+-+', 1, 1, 'uhuh'],
]

for (const [checks, unhealthy, healthy, expected] of TABLE)
  t.equal(course(checks, unhealthy, healthy), expected, `${checks} at ${unhealthy} and ${healthy}`)

t.test('a word is said exactly when the last checks earn it, and stays until the other is', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      (checks, unhealthyThreshold, healthyThreshold) => {
        let tally: Tally = UNCHECKED
        checks.forEach((passed, i) => {
          const before = tally.health
          tally = tallied(tally, passed, { unhealthyThreshold, healthyThreshold })
          const needed = passed ? healthyThreshold : unhealthyThreshold
          const earned = i + 1 >= needed && checks.slice(i + 1 - needed, i + 1).every((check) => check === passed)
          const word = passed ? 'healthy' : 'unhealthy'
          if (tally.health !== (earned ? word : before)) throw new Error(`check ${i}: ${tally.health}`)
        })
      },
    ),
  )
})
