// npm run bench:ab -- OLD NEW [CASE] [--rounds N] [--seconds S] [--warm-up S] [--json FILE]
// Two commits in one interleaved run; `.` is the working tree.
import { writeFileSync } from 'node:fs'
import { CASES } from './cases.ts'
import { checkout } from './checkouts.ts'
import { LAUNCHERS } from './launchers.ts'
import { has, machine } from './machine.ts'
import { markdown, type Report } from './report.ts'
import { compare, programsOf, ratioLine } from './run-case.ts'
import { readArguments } from './settings.ts'

const USAGE = 'usage: npm run bench:ab -- OLD NEW [CASE], where OLD and NEW are commits or "." for the working tree'

try {
  const { words, settings, json } = readArguments(process.argv.slice(2))
  const [before, after, name = 'default', ...more] = words
  if (before === undefined || after === undefined || more.length > 0) throw new Error(USAGE)
  const item = CASES.find((each) => each.name === name)
  if (item === undefined || !('load' in item)) throw new Error(`"${name}" is no case that compares programs\n${USAGE}`)
  if (!has('wrk')) throw new Error('wrk is missing, which makes the load: apt-get install wrk')
  const entries = [after, before].map((ref, i) => {
    const folder = checkout(ref)
    return {
      name: `${i === 0 ? 'NEW' : 'OLD'} (${ref})`,
      launcher: (place: Parameters<typeof LAUNCHERS.Weir>[0]) =>
        LAUNCHERS[item.program]({ ...place, checkout: folder }),
      endpoints: item.spread?.[item.program],
    }
  })
  const measured = await compare(item, entries, settings)
  const measures = [...new Set(item.ratios.map(({ of }) => of))]
  const report: Report = {
    machine: machine(),
    date: new Date().toISOString(),
    ...settings,
    leftOut: { [name]: measured.leftOut },
    missing: measured.missing,
    lines: measures.map((of) => ratioLine(item.name, measured, entries[0]!.name, { to: entries[1]!.name, of })!),
    programs: programsOf(item.name, measured),
  }
  console.log(markdown(report))
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
