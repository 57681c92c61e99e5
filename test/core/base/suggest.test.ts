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
