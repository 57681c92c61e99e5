// Runs the corpus against Weir and whichever of nginx and HAProxy are installed: `npm run conformance -- [options]`.
// Options: --only=<part of an id>, --subject=<name>, --all (failures of the others too), --slow (times).
import { parseArgs } from 'node:util'
import { REQUESTS, RESPONSES } from './corpus.ts'
import { openUpstreams, type Result, runAll } from './engine.ts'
import { failureList, table } from './report.ts'
import { STARTERS, versionOf } from './subjects.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    subject: { type: 'string', default: '' },
    all: { type: 'boolean', default: false },
    slow: { type: 'boolean', default: false },
  },
})

const groups = [...REQUESTS, ...RESPONSES]
  .map(({ name, cases }) => ({ name, cases: cases.filter((one) => `${name}/${one.name}`.includes(values.only)) }))
  .filter(({ cases }) => cases.length > 0)

const runs = new Map<string, readonly Result[]>()
for (const [name, start] of Object.entries(STARTERS)) {
  const version = versionOf(name)
  if (version === undefined || (values.subject !== '' && values.subject !== name)) continue
  const upstreams = await openUpstreams()
  const subject = await start(upstreams)
  try {
    runs.set(`${name} (${version})`, await runAll(subject, upstreams, groups))
  } finally {
    await subject.stop()
    await Promise.all(upstreams.map((upstream) => upstream.close()))
  }
}

console.log(table(runs))
for (const [name, results] of runs) if (values.all || name.startsWith('weir')) console.log(failureList(name, results))
if (values.slow)
  for (const [name, results] of runs)
    for (const { id, ms } of results.toSorted((a, b) => b.ms - a.ms).slice(0, 25))
      console.log(`${name} ${Math.round(ms)} ms ${id}`)
