import fc from 'fast-check'
import t from 'tap'
import { didYouMean, suggest } from '../../../core/base/suggest.ts'

const FILTERS = ['request-id', 'auth', 'route-match', 'method-check', 'breaker', 'proxy', 'metrics']

t.test('common mistakes find the word that was meant', async (t) => {
  const slips: [what: string, word: string, meant: string][] = [
    ['a letter too few', 'metric', 'metrics'],
    ['a letter too many', 'proxxy', 'proxy'],
    ['another letter', 'breeker', 'breaker'],
    ['two letters swapped', 'porxy', 'proxy'],
    ['another case', 'AUTH', 'auth'],
    ['another way to join words', 'route_match', 'route-match'],
    ['no way at all', 'requestid', 'request-id'],
  ]
  for (const [what, word, meant] of slips) t.equal(suggest(word, FILTERS), meant, what)
})

t.test('the nearest wins', async (t) => {
  t.equal(suggest('timeout', ['timeouts', 'timeot', 'timeout']), 'timeout')
  t.equal(suggest('headres', ['leaders', 'headers']), 'headers')
})

t.test('a word that resembles nothing gets no suggestion', async (t) => {
  for (const word of ['cors', 'x', '', 'something-else-entirely', 'p'.repeat(10_000)])
    t.equal(suggest(word, FILTERS), undefined, word.slice(0, 30))
  t.equal(suggest('proxy', []), undefined)
})

t.test('didYouMean gives a sentence, or nothing', async (t) => {
  t.equal(didYouMean('prox', FILTERS), ' Did you mean "proxy"?')
  t.equal(didYouMean('cors', FILTERS), '')
})

t.test('a word always suggests itself, whatever the other candidates are', async () => {
  const word = fc.stringMatching(/^[a-z]{1,64}$/)
  fc.assert(fc.property(word, fc.array(word), (one, others) => suggest(one, [...others, one]) === one))
})

t.test('it finds what comparing every letter finds', async () => {
  const word = fc.string({ unit: fc.constantFrom(...'abcABC_-'), maxLength: 12 })
  fc.assert(
    fc.property(
      word,
      fc.array(word, { maxLength: 8 }),
      (one, candidates) => suggest(one, candidates) === slow(one, candidates),
    ),
    { numRuns: 3000 },
  )
})

t.test('hostile words and candidates take bounded work', async (t) => {
  // Each text counts how often it is normalized, the first thing that is done with it.
  let looked = 0
  const counted = (text: string): string => {
    const made = new String(text)
    made.toLowerCase = () => {
      looked++
      return text
    }
    return made as string
  }
  t.equal(suggest('a'.repeat(65), [counted('a'.repeat(65))]), undefined)
  t.equal(suggest('a'.repeat(100 * 1024), [counted('a'.repeat(100 * 1024))]), undefined)
  t.equal(looked, 0, 'a word that is too long is compared with nothing')
  const alike = Array.from({ length: 100_000 }, (_, i) =>
    counted(`${'service'.repeat(6)}${String(i).padStart(6, '0')}`),
  )
  suggest(`${'service'.repeat(6)}xyzxyz`, alike)
  t.ok(looked < 200, `${looked} of 100,000`)
})

/** The nearest by the whole matrix. */
function slow(word: string, candidates: readonly string[]): string | undefined {
  const normal = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, '')
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const [a, b] = [normal(word), normal(candidate)]
    if (Math.abs(a.length - b.length) > 8) continue
    const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i || j))
    for (let i = 1; i <= a.length; i++)
      for (let j = 1; j <= b.length; j++) {
        const same = a[i - 1] === b[j - 1] ? 0 : 1
        let d = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + same)
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, rows[i - 2]![j - 2]! + 1)
        rows[i]![j] = d
      }
    const d = rows[a.length]![b.length]!
    if (d < least) [least, best] = [d, candidate]
  }
  return best
}
