import t from 'tap'
import { endpoint, parse, problems, warnings } from '../support.ts'

const read = (keys: string) => parse(endpoint(keys)).spec.endpoints[0]!.endpoint
const at = '4:5 endpoints[0]'

t.test('a match, with all that it can hold', async (t) => {
  const [one, two, ...more] = read(`match:
  - host: [A.test, "*.b.test"]
    path: { regex: "/v[0-9]+" }
    methods: [get, PUT]
    headers: { x-beta: ["1", "yes"], x-any: { present: true } }
    query: { v: 2, on: true, r: { regex: "a+" } }
    cookies: { c: "" }
by_name: true
case_sensitive: false
allow_ambiguous: [encoded_slash]`).match
  t.match(one, {
    host: 'a.test',
    path: { regex: '/v[0-9]+' },
    methods: ['GET', 'PUT'],
    headers: [
      { name: 'x-beta', value: { any: ['1', 'yes'] } },
      { name: 'x-any', value: { present: true } },
    ],
    query: [
      { name: 'v', value: { any: ['2'] } },
      { name: 'on', value: { any: ['true'] } },
      { name: 'r', value: { regex: 'a+' } },
    ],
    cookies: [{ name: 'c', value: { any: [''] } }],
    at: { host: ['match', 0, 'host', 0], path: ['match', 0, 'path'] },
  })
  t.equal(two?.host, '*.b.test')
  t.same(more, [])
})

t.test('paths: short and long', async (t) => {
  const paths = (keys: string) => read(keys).match.map(({ path }) => path)
  t.same(paths('match: [{ path: /a/ }]'), [{ prefix: '/a' }])
  t.same(paths('match: [{ path: [/a, { exact: /b/ }, { regex: /c }, { prefix: "/{d}" }] }, { host: x.test }]'), [
    { prefix: '/a' },
    { exact: '/b/' },
    { regex: '/c' },
    { prefix: '/{d}' },
    { prefix: '/' },
  ])
  t.same(paths('path: ["/users/{id}", /]'), [{ prefix: '/users/{id}' }, { prefix: '/' }])
  t.same(paths('disabled: false'), [])
  t.same(read('match: [{ headers: { x-a: é } }]').match[0]?.headers[0]?.value, { any: ['\xc3\xa9'] }, 'bytes')
})

t.test('defaults, and what is given', async (t) => {
  t.match(read('path: /a'), { byName: false, stripPrefix: false, rewrite: undefined, caseSensitive: true })
  t.same(read('path: /a').allowAmbiguous, [])
  t.match(read('path: /a\nstrip_prefix: true'), { stripPrefix: true })
  t.match(read('path: "/a/{id}"\nrewrite: "/b/{id}{rest}"'), { rewrite: '/b/{id}{rest}' })
  t.match(read('path: /a\nallow_ambiguous: [empty_segment, path_parameter]'), {
    allowAmbiguous: ['empty_segment', 'path_parameter'],
  })
})

t.test('what is wrong, where, and what to do', async (t) => {
  const table: readonly (readonly [keys: string, ...RegExp[]])[] = [
    ['match: []', /^4:5 endpoints\[0\]\.match: expected a list with at least one entry/],
    ['match: /a', /match: expected a list of matches, each with a dash: - \{ path: \/shop \}/],
    ['match: [{ pth: /a }]', /^4:15 endpoints\[0\]\.match\[0\]\.pth: unknown key "pth".*path/],
    ['match: [{ path: a }]', /^4:15 endpoints\[0\]\.match\[0\]\.path: expected a path/],
    ['match: [{ path: [] }]', /expected a list with at least one entry/],
    ['match: [{ path: { exact: a } }]', /match\[0\]\.path.*expected a path/],
    ['match: [{ path: { regex: "(" } }]', /expected an expression in the syntax of RE2 \(no look-around/],
    ['match: [{ path: { regex: "/(?=x)" } }]', /no look-around/],
    [`match: [{ path: { regex: "${'a'.repeat(501)}" } }]`, /expected an expression of at most 500 characters/],
    ['match: [{ path: { regex: "[ab]{600}[ab]{600}" } }]', /expected a smaller expression/],
    ['match: [{ path: "/{id}.json" }]', /parameters that are whole segments/],
    ['match: [{ path: "/{a}/{a}" }]', /each parameter once, not \{a\} twice/],
    ['match: [{ path: "/{rest}" }]', /another name than \{rest\}/],
    ['match: [{ path: /a//b }]', /without empty segments/],
    ['match: [{ host: "a:80" }]', /^4:15 endpoints\[0\]\.match\[0\]\.host: expected a host name/],
    ['match: [{ methods: [] }]', /expected a list with at least one entry/],
    ['match: [{ methods: ["G E T"] }]', /methods\[0\]: expected a method, found/],
    ['match: [{ headers: { "a b": 1 } }]', /expected the name of a header field before the colon/],
    [
      'match: [{ headers: { a: { regx: x } } }]',
      /headers\.a: expected exactly one of present, regex/,
      /headers\.a\.regx: unknown key "regx"\. Did you mean/,
    ],
    ['match: [{ path: { exact: /a, prefix: /a } }]', /path: expected exactly one of prefix, exact, regex/],
    ['match: [{ headers: { a: [] } }]', /headers\.a/],
    ['match: [{ cookies: { "a;b": 1 } }]', /expected the name of a cookie before the colon/],
    ['match: [{ query: { a: { present: maybe } } }]', /query\.a/],
    ['match: [{ query: 1 }]', /expected a mapping from query keys to values/],
    [
      'match: [{ path: /a }]\npath: /b',
      /^5:5 endpoints\[0\]\.path: "path" is short for a match of one entry.*write it there/,
    ],
    ['match: [{ path: /a }]\nhost: b', /^5:5 endpoints\[0\]\.host: "host" is short for a match/],
    [
      'path: /a\nrewrite: "/{id}"',
      /^5:5 endpoints\[0\]\.rewrite: expected a rewrite with parameters of the match \(\{rest\}\), not \{id\}$/,
    ],
    ['path: ["/a/{id}", /b]\nrewrite: "/{id}"', /not \{id\}/],
    ['path: /a\nrewrite: b', /expected a rewrite that begins with \//],
    ['path: /a\nrewrite: /b?x', /expected a rewrite without query/],
    [
      'path: /a\nrewrite: /b\nstrip_prefix: true',
      /^6:5 endpoints\[0\]\.strip_prefix: rewrite says the whole path already/,
    ],
    [
      'match: [{ path: { regex: /a } }]\nstrip_prefix: true',
      /^5:5 endpoints\[0\]\.strip_prefix: an expression has no prefix to drop: use rewrite/,
    ],
    ['path: /a\nallow_ambiguous: [slash]', /allow_ambiguous\[0\]: expected/],
    ['path: /a\nby_name: maybe', /by_name: expected true or false/],
  ]
  for (const [keys, ...expected] of table) t.match(problems(endpoint(keys)), expected, keys)
  for (const [keys, ...expected] of table) t.equal(problems(endpoint(keys)).length, expected.length, keys)
})

t.test('what has no effect', async (t) => {
  for (const key of ['by_name: true', 'strip_prefix: true', 'case_sensitive: false'])
    t.match(warnings(endpoint(key)), [`${at}.${key.split(':')[0]}: this has no effect: it is about a match`], key)
  t.match(warnings(endpoint('rewrite: /x')), [/rewrite: this has no effect/])
  t.same(warnings(endpoint('path: /a\nby_name: true\ncase_sensitive: false\nstrip_prefix: true')), [])
})
