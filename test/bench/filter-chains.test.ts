import t from 'tap'
import { FILTERS } from '../../core/main/built-in.ts'
import { inFolder, weir as weirCommand } from '../config/commands/support.ts'
import { chainWith, chainWithout, DEFAULT_CHAIN, FILTER_NAMES } from './filter-chains.ts'
import { weir } from './weir.ts'

t.test('every built-in filter is measured that a chain can be without', async (t) => {
  // `tokens` comes with the section of that name, and lets all other requests pass.
  const needed = ['route-match', 'proxy', 'admin', 'tokens']
  const optional = FILTERS.map(({ name }) => name).filter((name) => !needed.includes(name))
  t.strictSame([...FILTER_NAMES].sort(), optional.sort())
})

t.test('the chains differ by the filter, and it stands where it belongs', async (t) => {
  for (const name of FILTER_NAMES) {
    const [having, lacking] = [chainWith(name), chainWithout(name)]
    t.strictSame(
      having.filter((entry) => entry.split(':')[0] !== name),
      lacking,
      name,
    )
    t.equal(having.length, lacking.length + 1, name)
  }
  t.strictSame(chainWith('auth'), DEFAULT_CHAIN)
  t.strictSame(chainWithout('retry'), DEFAULT_CHAIN)
  t.match(chainWith('retry').slice(4, 6), [/^retry: /, 'breaker'])
})

t.test('each configuration is valid, without a warning', async (t) => {
  for (const name of FILTER_NAMES) {
    for (const options of [{ chain: chainWith(name), auth: name === 'auth' }, { chain: chainWithout(name) }]) {
      const { yaml } = weir(options, { folder: '', port: 1, upstream: 2 })
      inFolder(t, { 'weir.yaml': yaml })
      const { code, err } = await weirCommand(['validate'])
      t.strictSame({ code, err }, { code: 0, err: '' }, yaml)
    }
  }
})
