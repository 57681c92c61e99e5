import { resolve } from 'node:path'
import t from 'tap'
import { DEFAULT_STATISTICS } from '../../../core/control/statistics.ts'
import { parse, problems } from '../support.ts'

const read = (yaml: string) => parse(yaml).settings.statistics

t.test('statistics are on by default, and off by a word', async (t) => {
  for (const yaml of ['listen: 8000\n', 'statistics:\n', 'statistics: {}\n', 'statistics: { enabled: true }\n'])
    t.same(read(yaml), DEFAULT_STATISTICS, yaml)
  for (const yaml of ['statistics: off\n', 'statistics: false\n', 'statistics: { enabled: false, file: a }\n'])
    t.equal(read(yaml), undefined, yaml)
})

t.test('resolutions are sorted, the file is relative to the document', async (t) => {
  const yaml = `statistics:
  resolutions: [{ step: 1h, keep: 7d }, { step: 5, keep: 10m }, { step: 1m, keep: 1h }]
  max_memory: 16MiB
  file: data/stats.bin
`
  t.same(read(yaml), {
    resolutions: [
      { stepMs: 5000, keepMs: 600_000 },
      { stepMs: 60_000, keepMs: 3_600_000 },
      { stepMs: 3_600_000, keepMs: 604_800_000 },
    ],
    maxMemory: 16 * 1024 ** 2,
    file: resolve('data/stats.bin'),
  })
})

t.test('what can not be is said with its place, and how to mend it', async (t) => {
  const of = (resolutions: string) => problems(`statistics: { resolutions: ${resolutions} }\n`)
  t.match(of('[{ step: 10s, keep: 15m }, { step: 25s, keep: 1h }]'), [
    /resolutions.*1.*step.*no multiple of the finer step of 10s: use 30s/s,
  ])
  t.match(of('[{ step: 1m, keep: 15m }, { step: 60, keep: 1h }]'), [/given twice: .* has steps of 1m, too/])
  t.match(of('[{ step: 1m, keep: 10s }]'), [/keep.*shorter than the step of 1m/s])
  t.match(of('[{ step: 500ms, keep: 10s }]'), [/whole seconds, from 1s to 1d, such as 10s/])
  t.match(of('[{ step: 2d, keep: 10d }]'), [/whole seconds, from 1s to 1d/])
  t.match(of('[{ step: 10s }]'), [/"keep" is missing/])
  t.match(of('[]'), [/at least one entry/])
  t.match(of(`[${Array.from({ length: 9 }, (_, i) => `{ step: ${2 ** i}, keep: 1h }`)}]`), [/at most 8 resolutions/])
  t.match(problems('statistics: { max_memory: 1KiB }\n'), [/from 1MiB to 64GiB/])
  t.match(problems('statistics: 5\n'), [/expected a mapping of resolutions, max_memory and file, or off/])
  t.match(problems('statistics: { files: a }\n'), [/files.*file/s])
})
