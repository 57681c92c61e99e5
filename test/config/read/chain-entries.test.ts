import t from 'tap'
import { endpoint, filter, parse, problems } from '../support.ts'

t.test('an entry is a name, a name with options, or the long form', async (t) => {
  const config = parse(`
filters:
  - request-id
  - auth: { algorithm: HS256 }
  - { filter: cors, name: cors-a, options: { origins: [a] } }
  - { filter: cors }
  - compress:
  - cache: on
  - proxy: {}
`)
  t.same(
    config.spec.listeners[0]?.chain.map(({ name, factory, options, at }) => ({ name, factory, options, at })),
    [
      { name: 'request-id', factory: 'request-id', options: {}, at: ['filters', 0] },
      { name: 'auth', factory: 'auth', options: { algorithm: 'HS256' }, at: ['filters', 1, 'auth'] },
      { name: 'cors-a', factory: 'cors', options: { origins: ['a'] }, at: ['filters', 2, 'options'] },
      { name: 'cors', factory: 'cors', options: {}, at: ['filters', 3] },
      { name: 'compress', factory: 'compress', options: {}, at: ['filters', 4, 'compress'] },
      { name: 'cache', factory: 'cache', options: {}, at: ['filters', 5, 'cache'] },
      { name: 'proxy', factory: 'proxy', options: {}, at: ['filters', 6, 'proxy'] },
    ],
  )
  t.same(config.document.locate(['filters', 2, 'options', 'origins']), { file: 'weir.yaml', line: 5, col: 46 })
})

t.test('off keeps the place of a filter, as false does; with a mapping it keeps options too', async (t) => {
  const config = parse(
    'filters: [request-id, { breaker: off }, { auth: false }, { filter: cors, off: true, options: { a: 1 } }, { filter: retry, off: false }, proxy]',
  )
  t.same(
    config.spec.listeners[0]!.chain.map(({ name, off }) => [name, off]),
    [
      ['request-id', undefined],
      ['breaker', ['filters', 1, 'breaker']],
      ['auth', ['filters', 2, 'auth']],
      ['cors', ['filters', 3, 'off']],
      ['retry', undefined],
      ['proxy', undefined],
    ],
  )
  t.same(filter(config, 'cors')?.options, { a: 1 })
})

t.test('what is off on a listener without endpoints is left out: nobody could turn it on', async (t) => {
  const { listeners } = parse('admin: { filters: [{ auth: off }, admin] }').spec
  t.same(
    listeners[1]!.chain.map(({ name }) => name),
    ['admin'],
  )
})

t.test('what is no entry is a problem', async (t) => {
  const one = (text: string): string => problems(text).join('\n')
  t.equal(one('filters: []'), '1:1 filters: the chain is empty: it needs at least a terminal filter, such as proxy')
  t.equal(
    one('filters: [{ proxy: off }]'),
    '1:1 filters: the chain is empty: it needs at least a terminal filter, such as proxy',
  )
  t.equal(
    one('filters: proxy'),
    '1:1 filters: expected a list of filters, found "proxy": begin each with a dash, - proxy',
  )
  t.equal(one('filters:'), '1:1 filters: expected a list of filters, found nothing: begin each with a dash, - proxy')
  t.equal(one('filters: [3]'), '1:11 filters[0]: expected a filter: its name, or name: options; found 3')
  t.equal(one('filters: [{}]'), '1:11 filters[0]: an empty mapping is not a filter')
  t.match(
    one('filters:\n  - auth:\n    algorithm: HS256\n'),
    /^2:5 filters\[0\]: an entry of a chain is one filter, found "auth", "algorithm"\. Indent options/,
  )
  t.equal(one('filters: [{ auth: 3 }]'), '1:13 filters[0].auth: expected options (a mapping) or off, found 3')
  t.equal(one('filters: [{ filter: a, nmae: b }]'), '1:24 filters[0].nmae: unknown key "nmae". Did you mean "name"?')
  t.equal(
    one('filters: [{ filter: 3 }]'),
    '1:13 filters[0].filter: expected a text in quotes (YAML reads this as a number), found 3',
  )
  t.equal(one('filters: ["a b"]'), '1:11 filters[0]: expected the name of a filter, such as rate-limit; found "a b"')
  t.equal(
    one('admin: { filters: [] }'),
    '1:10 admin.filters: the chain is empty: it needs at least a terminal filter, such as proxy',
  )
})

t.test('names are unique in a chain', async (t) => {
  t.same(problems('filters:\n  - cors\n  - proxy\n  - cors: { a: 1 }\n'), [
    '4:5 filters[2].cors: the chain has two filters named "cors", the first at filters[0] (line 2): give one of them another: { filter: …, name: …, options: … }',
  ])
  t.match(problems('filters: [{ filter: a, name: x }, { filter: b, name: x }]'), [
    /^1:48 filters\[1\]\.name: the chain has two/,
  ])
})

t.test('a chain that could not be read causes no further problems', async (t) => {
  t.same(problems(endpoint('methods: [GET]\nfilters: { other: {} }', 'filters: [3]\nauth_algorithm: HS256')).length, 1)
})

t.test('a time limit for hooks', async (t) => {
  const { spec } = parse('filters: [{ filter: auth, hook_timeout: 250ms }, route-match, proxy]')
  t.same(
    spec.listeners[0]!.chain.map(({ name, hookTimeoutMs }) => [name, hookTimeoutMs]),
    [
      ['auth', 250],
      ['route-match', undefined],
      ['proxy', undefined],
    ],
  )
  t.match(problems('filters: [{ filter: auth, hook_timeout: 0 }, proxy]'), [
    /hook_timeout: expected a duration above 0/,
  ])
})
