import fc from 'fast-check'
import t from 'tap'
import { openUpstreams } from '../engine.ts'
import { STARTERS } from '../subjects.ts'
import { requests } from './grammar.ts'
import { FuzzLane } from './lane.ts'
import { cuts, mutated, mutations, segments } from './mutate.ts'
import { bytesOf } from './pieces.ts'
import { requestPieces } from './serialize.ts'

const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))
const runs = Number(process.env.FUZZ_RUNS ?? 200)

function verdict(bytes: string, wrong: readonly string[]): void {
  if (wrong.length > 0) throw new Error(`${wrong.join('\n')}\nsent: ${JSON.stringify(bytes)}`)
}

t.test(`FUZZ_SEED=${seed}`, async (t) => {
  const upstreams = await openUpstreams()
  t.teardown(() => Promise.all(upstreams.map((upstream) => upstream.close())))
  const weir = await STARTERS.weir!(upstreams)
  t.teardown(() => weir.stop())
  const lanes = upstreams.map((upstream, number) => new FuzzLane(weir.port, upstream, number))
  const each = (property: (lane: FuzzLane) => fc.IAsyncProperty<unknown>) =>
    Promise.all(lanes.map((lane, n) => fc.assert(property(lane), { seed: seed + n, numRuns: runs })))

  await t.test('requests that are right', async () => {
    await each((lane) =>
      fc.asyncProperty(requests, cuts, async (plans, at) => {
        const bytes = lane.own(bytesOf(plans.flatMap(requestPieces)))
        verdict(bytes, await lane.requests(segments(bytes, at)))
      }),
    )
  })
  await t.test('requests that are not', async () => {
    await each((lane) =>
      fc.asyncProperty(requests, mutations, cuts, async (plans, changes, at) => {
        const bytes = lane.own(bytesOf(mutated(plans.flatMap(requestPieces), changes)))
        fc.pre(!lane.strays(bytes))
        verdict(bytes, await lane.requests(segments(bytes, at)))
      }),
    )
  })
})
