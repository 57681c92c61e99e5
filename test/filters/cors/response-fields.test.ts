import t from 'tap'
import { HeaderList } from '../../../core/index.ts'
import { addVary } from '../../../filters/cors/response-fields.ts'

t.test('Vary is merged with what is there', async (t) => {
  const cases: [before: string[], after: string[]][] = [
    [[], ['Origin']],
    [['Accept-Encoding'], ['Accept-Encoding, Origin']],
    [['Accept-Encoding', 'Accept'], ['Accept-Encoding, Accept, Origin']],
    [['accept, ORIGIN'], ['accept, ORIGIN']],
    [
      ['Accept', 'Origin'],
      ['Accept', 'Origin'],
    ],
    [['*'], ['*']],
    [
      ['Accept', ' * '],
      ['Accept', ' * '],
    ],
    [['X-Origin'], ['X-Origin, Origin']],
    [[''], [', Origin']],
  ]
  for (const [before, after] of cases) {
    const headers = HeaderList.of({ Vary: before })
    addVary(headers, 'Origin')
    t.strictSame(headers.all('vary'), after, before.join(' | '))
  }
})
