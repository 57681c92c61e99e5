// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import t from 'tap'
import { addEndpoint, changeEndpoint, removeEndpoint } from '../../../config/edit/endpoint-list.ts'
import { Written } from '../../../config/edit/render.ts'
import type { KeyEdit } from '../../../config/edit/splice.ts'

const HEAD = '# weir\nlisten: &port ${PORT:-8000} # the port\n\n'
const NEW = { name: 'new', url: 'http://new:80/x' }
const ADDED = '  - name: new\n    url: http://new:80/x\n'

const set = (value: unknown, ...path: string[]): KeyEdit => ({ path, value })
const drop = (...path: string[]): KeyEdit => ({ path })

t.test('a new endpoint stands behind the last one', async (t) => {
  const cases: [what: string, before: string, after: string][] = [
    [
      'with comments behind it',
      `${HEAD}endpoints:\n  - name: a # first\n    url: http://a # here\n\n  # - name: b\nadmin: off\n`,
      `${HEAD}endpoints:\n  - name: a # first\n    url: http://a # here\n${ADDED}\n  # - name: b\nadmin: off\n`,
    ],
    [
      'without indentation',
      'endpoints:\n- name: a\n  url: http://a\n',
      'endpoints:\n- name: a\n  url: http://a\n- name: new\n  url: http://new:80/x\n',
    ],
    [
      'without a line break at the end',
      'endpoints:\n  - { name: a, url: "http://a" }',
      `endpoints:\n  - { name: a, url: "http://a" }\n${ADDED.trimEnd()}`,
    ],
    [
      'CRLF',
      'endpoints:\r\n  - name: a\r\n    url: http://a\r\nadmin: off\r\n',
      `endpoints:\r\n  - name: a\r\n    url: http://a\r\n${ADDED.replaceAll('\n', '\r\n')}admin: off\r\n`,
    ],
    [
      'flow',
      'endpoints: [{ name: a, url: "http://a" }] # all\n',
      'endpoints: [{ name: a, url: "http://a" }, { name: new, url: http://new:80/x }] # all\n',
    ],
    [
      'flow, a line each',
      'endpoints: [\n  { name: a },\n  { name: b },\n]\n',
      'endpoints: [\n  { name: a },\n  { name: b },\n  { name: new, url: http://new:80/x },\n]\n',
    ],
    [
      'an empty list',
      `${HEAD}endpoints: # none yet\n\nadmin: off\n`,
      `${HEAD}endpoints: # none yet\n${ADDED}\nadmin: off\n`,
    ],
    ['an empty list at the end', 'endpoints:', `endpoints:\n${ADDED.trimEnd()}`],
    ['an empty list in brackets', 'endpoints: [] # none\nadmin: off\n', `endpoints: # none\n${ADDED}admin: off\n`],
    ['null', 'endpoints: ~\n', `endpoints:\n${ADDED}`],
    ['no list', 'listen: 1 # one\n# the end\n', `listen: 1 # one\nendpoints:\n${ADDED}# the end\n`],
    ['no list, and an end', '---\nlisten: 1\n...\n', `---\nlisten: 1\nendpoints:\n${ADDED}...\n`],
    ['all in braces', '{ listen: 1 }\n', '{ listen: 1, endpoints: [{ name: new, url: http://new:80/x }] }\n'],
    ['all in braces, null', '{ endpoints: }\n', '{ endpoints: [{ name: new, url: http://new:80/x }] }\n'],
  ]
  for (const [what, before, after] of cases) t.equal(addEndpoint(before, NEW), after, what)
  t.throws(() => addEndpoint('x: &a []\nendpoints: *a\n', NEW), { message: /alias|mapping/ })
  t.throws(() => addEndpoint('- a\n', NEW), { message: /alias|mapping/ })
})

t.test('what goes leaves the lines around it', async (t) => {
  const text = `${HEAD}endpoints:\n  # one\n  - name: a\n    methods:\n      - GET # get\n\n  # two\n  - &b { name: b }\n\n  - *b\n# end\n`
  t.equal(removeEndpoint(text, 0), text.replace(/ {2}- name: a[\s\S]*# get\n/, ''))
  t.equal(removeEndpoint(text, 2), text.replace('  - *b\n', ''))
  t.equal(removeEndpoint('endpoints:\r\n  - name: a\r\n', 0), 'endpoints:\r\n')
  const flow = 'endpoints: [{ name: a }, { name: b }, { name: c }] # x\n'
  t.equal(removeEndpoint(flow, 0), 'endpoints: [{ name: b }, { name: c }] # x\n')
  t.equal(removeEndpoint(flow, 1), 'endpoints: [{ name: a }, { name: c }] # x\n')
  t.equal(removeEndpoint(flow, 2), 'endpoints: [{ name: a }, { name: b }] # x\n')
  t.equal(removeEndpoint('endpoints: [{ name: a }]\n', 0), 'endpoints: []\n')
})

t.test('a change touches the lines of its key', async (t) => {
  const item = `  - name: a # its name\n    # how long
    timeout:  5s # long\n    methods: # all\n      - GET\n      - POST\n    filters:\n      breaker: # careful\n        failure_threshold: 3\n      auth: off\n    empty: # so far\n    ref: *port\n`
  const text = `${HEAD}endpoints:\n${item}  # next\n  - name: b\n`
  const cases: [edits: KeyEdit[], from: string | RegExp, to: string][] = [
    [[set('10s', 'timeout')], 'timeout:  5s # long', 'timeout: 10s # long'],
    [[set(['GET', 'PUT'], 'methods')], /methods: #[\s\S]*POST/, 'methods: [GET, PUT]'],
    [[set(4, 'filters', 'breaker', 'failure_threshold')], 'threshold: 3', 'threshold: 4'],
    [[set('1s', 'filters', 'breaker', 'reset_timeout')], 'threshold: 3\n', 'threshold: 3\n        reset_timeout: 1s\n'],
    [[set({}, 'filters', 'metrics')], 'auth: off\n', 'auth: off\n      metrics: {}\n'],
    [[drop('filters', 'auth')], '      auth: off\n', ''],
    [[drop('filters', 'breaker')], /breaker: #[\s\S]* {6}auth/, 'auth'],
    [[drop('filters', 'breaker', 'failure_threshold')], 'failure_threshold: 3', '{}'],
    [[drop('filters')], / {4}filters:[\s\S]*auth: off\n/, ''],
    [[set(true, 'empty')], 'empty:', 'empty: true'],
    [[set(1, 'ref')], '*port', '1'],
    [[set(true, 'disabled')], '*port\n', '*port\n    disabled: true\n'],
    [[drop('name')], /name: a #[^\n]*\n {4}# how long\n {4}/, ''],
    [[drop('nothing')], '', ''],
    [
      [set([{ url: `http://${'x'.repeat(60)}` }, { url: new Written('${W}', true) }], 'targets')],
      '*port\n',
      `*port\n    targets:\n      - url: http://${'x'.repeat(60)}\n      - url: \${W}\n`,
    ],
  ]
  for (const [edits, from, to] of cases)
    t.equal(
      changeEndpoint(text, 0, edits),
      text.replace(from, () => to),
      to,
    )
  const crlf = text.replaceAll('\n', '\r\n')
  t.equal(changeEndpoint(crlf, 0, [set(true, 'x')]), crlf.replace('*port\r\n', '*port\r\n    x: true\r\n'))
  const flow = 'endpoints: [{ name: a, filters: {} }, { name: b, timeout: 1, x: 2 }]\n'
  t.equal(
    changeEndpoint(flow, 0, [set('off', 'filters', 'auth'), set([1], 'x')]),
    flow.replace('filters: {}', 'filters: { auth: off }, x: [1]'),
  )
  t.equal(changeEndpoint(flow, 1, [drop('x'), set('9s', 'timeout')]), flow.replace('timeout: 1, x: 2', 'timeout: 9s'))
  t.equal(changeEndpoint(flow, 1, [drop('timeout')]), flow.replace('timeout: 1, ', ''))
  const alias = 'x: &x { a: 1 }\nendpoints:\n  - name: a\n    filters: *x\n'
  t.throws(() => changeEndpoint(alias, 0, [set(1, 'filters', 'a')]), { message: /alias/ })
})
