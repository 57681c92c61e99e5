import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { DocumentCheck } from '../../../core/main/document-check.ts'

t.setTimeout(120_000)

const submitted = (text: string) => ({ text, main: 'weir.yaml', plugins: [], files: [] })
const LIMITS = { heapMib: 512, timeMs: 20_000, atOnce: 16 }
const MIB = 1024 ** 2

t.test('a document is read in another process, and the places of later problems are found there', async (t) => {
  const { config, problems, warnings } = await new DocumentCheck().check(
    submitted('listen: 1\nendpoints:\n  - { name: a, url: "http://a" }\n  - { name: b, url: "http://b" }\n'),
    async ({ spec }) => [
      { path: ['endpoints', 1, 'url'], message: 'second' },
      { path: spec.listeners[0]!.at, message: 'first' },
    ],
  )
  t.strictSame([config, warnings], [undefined, []])
  t.strictSame(problems, [
    { file: 'weir.yaml', line: 1, col: 1, path: 'listen', message: 'first' },
    { file: 'weir.yaml', line: 4, col: 16, path: 'endpoints[1].url', message: 'second' },
  ])
})

t.test('a document that takes too much memory, or too long, is refused while the event loop turns', async (t) => {
  const costly = submitted(`x-a: [${'1,'.repeat(MIB)}1]\n`)
  for (const [limits, message] of [
    [{ ...LIMITS, heapMib: 64 }, /takes more memory than a configuration may/],
    [{ ...LIMITS, timeMs: 500 }, /took longer than 0.5 s/],
  ] as const) {
    let over = false
    const checked = new DocumentCheck(limits)
      .check(costly, async () => [])
      .finally(() => {
        over = true
      })
    let turns = 0
    while (!over) {
      turns++
      await setImmediate()
    }
    t.match(await checked, { config: undefined, problems: [{ file: 'weir.yaml', path: '', message }] })
    t.ok(turns > 100, `${turns} turns`)
  }
})

t.test('what is too large, or too many, is not even read', async (t) => {
  const check = new DocumentCheck({ ...LIMITS, atOnce: 2 })
  t.match(await check.check(submitted('x'.repeat(4 * MIB + 1)), async () => []), {
    problems: [{ message: /larger than 4 MiB/ }],
  })
  const three = await Promise.all([1, 2, 3].map(() => check.check(submitted('endpoints: []\n'), async () => [])))
  t.strictSame(
    three.map(({ config }) => config !== undefined),
    [true, true, false],
  )
  t.match(three[2]!.problems, [{ message: /too many documents/ }])
  const failing = await check.check(submitted('endpoints: []\n'), async () => {
    throw new Error('no worker answers')
  })
  t.match(failing.problems, [{ message: 'the document could not be checked: no worker answers' }])
  t.match(await check.check(submitted('endpoints: []\n'), async () => []), { problems: [] }, 'the next one is checked')
})
