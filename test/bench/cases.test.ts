import t from 'tap'
import { CASES, type RatioCase } from './cases.ts'

const comparisons = CASES.filter((item): item is RatioCase => 'load' in item)
const caseOf = (name: string): RatioCase => comparisons.find((item) => item.name === name)!

t.test('`endpoints` sends the same requests to both programs, `endpoints-spread` does not', async (t) => {
  const [same, spread] = [caseOf('endpoints'), caseOf('endpoints-spread')]
  t.strictSame(Object.values(same.spread!), [10, 10])
  t.strictSame(spread.spread, { 'Weir, 10,000 endpoints': 10_000, 'Weir, 10 endpoints': 10 })
  t.strictSame(same.ratios, spread.ratios, 'the same bounds')
})

t.test('a load is spread over every program of a case, by a path with the number, or over none', async (t) => {
  for (const { name, program, ratios, load, spread = {} } of comparisons) {
    const programs = [program, ...ratios.map(({ to }) => to)]
    t.strictSame(Object.keys(spread).sort(), load.path.includes('%d') ? programs.sort() : [], name)
  }
})
