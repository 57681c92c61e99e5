import fc from 'fast-check'
import { LINES, ODD, STRAY } from './odd.ts'
import type { Piece } from './pieces.ts'

/** What is done to a message; `at` and `pick` choose the place and the variant, modulo how many there are. */
export interface Mutation {
  readonly kind: keyof typeof KINDS
  readonly at: number
  readonly pick: number
}

type Mutate = (pieces: readonly Piece[], at: number, pick: number) => readonly Piece[]

const lines = (pieces: readonly Piece[]): Piece[][] => {
  const all: Piece[][] = [[]]
  for (const piece of pieces) {
    all.at(-1)!.push(piece)
    if (piece[0] === 'eol') all.push([])
  }
  return all
}
/** One piece changed. */
const one =
  (change: (text: string, pick: number) => string): Mutate =>
  (pieces, at, pick) =>
    pieces.map((piece, index) => (index === at % pieces.length ? [piece[0], change(piece[1], pick)] : piece))
const inLines =
  (change: (all: Piece[][], at: number, pick: number) => void): Mutate =>
  (pieces, at, pick) => {
    const all = lines(pieces)
    change(all, at % all.length, pick)
    return all.flat()
  }
const swapCase = (text: string): string =>
  text.replaceAll(/[a-z]/gi, (c) => (c < 'a' ? c.toLowerCase() : c.toUpperCase()))

const KINDS = {
  odd(pieces, at, pick) {
    const places = pieces.flatMap(([role], index) => (ODD[role] === undefined ? [] : [index]))
    if (places.length === 0) return pieces
    const place = places[at % places.length]!
    const [role, text] = pieces[place]!
    const changes = ODD[role]!
    return pieces.with(place, [role, changes[pick % changes.length]!(text)])
  },
  flip: one((text, pick) => {
    const at = (pick >> 3) % Math.max(text.length, 1)
    const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << (pick & 7)))
    return text === '' ? text : text.slice(0, at) + flipped + text.slice(at + 1)
  }),
  stray: (pieces, at, pick) => pieces.toSpliced(at % (pieces.length + 1), 0, ['value', STRAY[pick % STRAY.length]!]),
  strayInside: one((text, pick) => {
    const at = pick % (text.length + 1)
    return text.slice(0, at) + STRAY[(pick >> 4) % STRAY.length] + text.slice(at)
  }),
  gone: (pieces, at) => pieces.toSpliced(at % pieces.length, 1),
  byteGone: one((text, pick) => {
    const at = pick % Math.max(text.length, 1)
    return text.slice(0, at) + text.slice(at + 1)
  }),
  twice: one((text) => text + text),
  upside: one(swapCase),
  lineTwice: inLines((all, at, pick) => all.splice(pick % all.length, 0, all[at]!)),
  lineGone: inLines((all, at) => all.splice(at, 1)),
  lineMoved: inLines((all, at, pick) => all.splice(pick % all.length, 0, ...all.splice(at, 1))),
  lineNew: inLines((all, at, pick) =>
    all.splice(at, 0, [
      ['value', LINES[pick % LINES.length]!],
      ['eol', '\r\n'],
    ]),
  ),
  cut: (pieces, at, pick) => {
    const last = pieces[at % pieces.length]!
    return [...pieces.slice(0, at % pieces.length), [last[0], last[1].slice(0, pick % (last[1].length + 1))]]
  },
} satisfies Readonly<Record<string, Mutate>>

const WEIGHTS: readonly Mutation['kind'][] = ['odd', 'odd', 'odd', 'odd', 'lineNew', 'lineNew']
const kinds = [...WEIGHTS, ...(Object.keys(KINDS) as Mutation['kind'][])]

export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...kinds), at: fc.nat(100_000), pick: fc.nat(100_000) }),
  { minLength: 1, maxLength: 3 },
)

export const mutated = (pieces: readonly Piece[], all: readonly Mutation[]): readonly Piece[] =>
  all.reduce((before, { kind, at, pick }) => (before.length === 0 ? before : KINDS[kind](before, at, pick)), pieces)

/** Where a stream is cut into segments, in thousandths. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.oneof(
  { weight: 2, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.uniqueArray(fc.nat(1000), { maxLength: 4 }) },
)

/** The stream in that many pieces. */
export function segments(bytes: string, at: readonly number[]): string[] {
  const ends = at.map((one) => Math.floor((one * bytes.length) / 1000)).toSorted((a, b) => a - b)
  return [...ends, bytes.length]
    .map((end, index) => bytes.slice(ends[index - 1] ?? 0, end))
    .filter((text) => text !== '')
}
