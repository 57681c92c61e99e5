import fc from 'fast-check'
import type { End } from './answer-meaning.ts'
import { answer, requests } from './grammar.ts'
import type { FuzzLane } from './lane.ts'
import { cuts, mutated, mutations, segments } from './mutate.ts'
import { bytesOf, type Piece } from './pieces.ts'
import { answerPieces, requestPieces } from './serialize.ts'

/** Something to send, or to have answered, on a lane; gives what is wrong with what came of it. */
export interface Sample {
  readonly segments: readonly string[]
  run(): Promise<readonly string[]>
}

type Samples = (lane: FuzzLane) => fc.Arbitrary<Sample>

const asked = (lane: FuzzLane, pieces: readonly Piece[], at: readonly number[]): Sample => {
  const bytes = lane.own(bytesOf(pieces))
  const all = segments(bytes, at)
  return { segments: all, run: async () => (lane.strays(bytes) ? [] : lane.requests(all)) }
}

const method = fc.constantFrom('GET', 'GET', 'HEAD', 'DELETE')
const version = fc.constantFrom('1.1', '1.1', '1.1', '1.0')
const end = (...rare: readonly End[]): fc.Arbitrary<End> => fc.constantFrom('HOLD', 'HOLD', ...rare)

const answered = (
  lane: FuzzLane,
  pieces: readonly Piece[],
  rest: { readonly method: string; readonly version: string; readonly end: End; readonly cuts: readonly number[] },
): Sample => {
  const all = segments(bytesOf(pieces), rest.cuts)
  return { segments: all, run: () => lane.answer(all, rest.method, rest.version, rest.end) }
}

/** What is sampled, by name. */
export const SAMPLES: Readonly<Record<string, Samples>> = {
  'requests that are right': (lane) =>
    fc.tuple(requests, cuts).map(([plans, at]) => asked(lane, plans.flatMap(requestPieces), at)),
  'requests that were changed': (lane) =>
    fc
      .tuple(requests, mutations, cuts)
      .map(([plans, changes, at]) => asked(lane, mutated(plans.flatMap(requestPieces), changes), at)),
  'answers that are right': (lane) =>
    fc
      .record({ answer, method, version, end: end('END'), cuts })
      .map((all) => answered(lane, answerPieces(all.answer, all.method === 'HEAD'), all)),
  'answers that were changed': (lane) =>
    fc
      .record({ answer, mutations, method, version, end: end('END', 'RESET'), cuts })
      .map((all) => answered(lane, mutated(answerPieces(all.answer, all.method === 'HEAD'), all.mutations), all)),
}
