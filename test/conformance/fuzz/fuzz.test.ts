import fc from 'fast-check'
import t from 'tap'
import { openUpstreams } from '../engine.ts'
import { STARTERS } from '../subjects.ts'
import { FuzzLane } from './lane.ts'
import { SAMPLES } from './samples.ts'

// Where changes are tested the samples are the same each time; elsewhere every run tries others.
const seed = Number(process.env.FUZZ_SEED ?? (process.env.CI === undefined ? Math.floor(Math.random() * 2 ** 31) : 1))
/** Of each kind, on each lane. */
const runs = Number(process.env.FUZZ_RUNS ?? 40)

t.test(`fuzzing, FUZZ_SEED=${seed} FUZZ_RUNS=${runs}`, { timeout: 60_000 + runs * 1000 }, async (t) => {
  const upstreams = await openUpstreams()
  t.teardown(() => Promise.all(upstreams.map((upstream) => upstream.close())))
  const weir = await STARTERS.weir!(upstreams)
  t.teardown(() => weir.stop())
  const lanes = upstreams.map((upstream, number) => new FuzzLane(weir.port, upstream, number))
  for (const [name, samples] of Object.entries(SAMPLES))
    await t.test(name, async (t) => {
      const found = await Promise.all(
        lanes.map(async (lane, number) => {
          let last = ''
          const property = fc.asyncProperty(samples(lane), async (sample) => {
            const wrong = await sample.run()
            if (wrong.length === 0) return true
            last = `${wrong.join('\n')}\nin ${JSON.stringify(sample.segments)}`
            return false
          })
          // A sample that hangs takes seconds: shrinking may not take for ever.
          const { failed } = await fc.check(property, {
            seed: seed + number,
            numRuns: runs,
            interruptAfterTimeLimit: 120_000 + runs * 500,
          })
          return failed ? [last] : []
        }),
      )
      t.strictSame(found.flat(), [], `FUZZ_SEED=${seed} FUZZ_RUNS=${runs}`)
    })
})
