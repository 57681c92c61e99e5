import t from 'tap'
import { checkOf } from '../../../config/read/health-check.ts'
import { endpoint, parse, problems, warnings } from '../support.ts'

const DEFAULT = {
  method: 'GET',
  path: '/',
  headers: {},
  intervalMs: 30_000,
  timeoutMs: 10_000,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
  statuses: ['2xx'],
  bodyMatch: undefined,
}

/** The check of the endpoint of these documents. */
const check = (own: string, document = '') =>
  checkOf(parse(endpoint(own || 'disabled: false', document)).settings.healthCheck, 'api')

t.test('what an endpoint says is laid over what the document says', async (t) => {
  t.equal(check(''), undefined)
  t.strictSame(check('', 'health_check: {}'), DEFAULT)
  t.strictSame(
    check(
      'health_check: { path: /live, statuses: [204, 3xx], body_match: /^ok/i }',
      'health_check: { interval: 5s, timeout: 1, unhealthy_threshold: 1, healthy_threshold: 4, headers: { X-Who: weir } }',
    ),
    {
      ...DEFAULT,
      path: '/live',
      headers: { 'x-who': 'weir' },
      intervalMs: 5000,
      timeoutMs: 1000,
      unhealthyThreshold: 1,
      healthyThreshold: 4,
      statuses: [204, '3xx'],
      bodyMatch: '/^ok/i',
    },
  )
  t.match(check('health_check_path: /h', 'health_check: { path: /other }'), { path: '/h' })
  t.match(check('health_check_path: /h\nhealth_check: { method: HEAD }'), { path: '/h', method: 'HEAD' })
})

t.test('what is checked', async (t) => {
  t.equal(check('health_check: off', 'health_check: {}'), undefined)
  t.equal(check('health_check: { enabled: false }', 'health_check: {}'), undefined)
  t.equal(check('health_check: { path: /h }', 'health_check: { enabled: false }'), undefined)
  t.match(check('health_check: { enabled: true }', 'health_check: { enabled: false }'), { path: '/' })
  t.match(check('health_check: { interval: 1s }'), { intervalMs: 1000 })
  t.match(check('health_check:', 'health_check: {}'), { path: '/' })
})

t.test('a path alone switches nothing on, and is told so', async (t) => {
  t.equal(check('health_check_path: /h'), undefined)
  t.same(warnings(endpoint('health_check_path: /h')), [
    '4:5 endpoints[0].health_check_path: this has no effect: health checks are off; add "health_check: {}" to the document',
  ])
  t.same(warnings(endpoint('health_check_path: /h', 'health_check: {}')), [])
})

t.test('where no path is said, a notice names who is asked for the root', async (t) => {
  const notices = (text: string) => parse(text).notices
  t.same(notices(endpoint('health_check_path: /h', 'health_check: {}')), [])
  t.same(notices(endpoint('disabled: true', 'health_check: {}')), [])
  t.same(notices(endpoint('version: v1', 'health_check: { path: / }')), [])
  const many = Array.from({ length: 7 }, (_, i) => `  - { name: e${i}, url: "http://a" }\n`).join('')
  t.match(notices(`health_check: {}\nendpoints:\n${many}`)[0], /: "e0", "e1", "e2", "e3", "e4" and 2 more$/)
})

t.test('what is wrong is told', async (t) => {
  const one = (own: string, document = ''): string => problems(endpoint(own, document)).join('\n')
  t.match(one('health_check_path: health'), '4:5 endpoints[0].health_check_path: expected a path that starts with /')
  t.match(one('health_check_path: /a\nhealth_check: { path: /b }'), 'health_check_path: given twice: ')
  t.match(one('health_check: { interval: 0 }'), 'health_check.interval: expected a duration above 0, found 0')
  t.match(
    one('health_check: { body_match: /(/ }'),
    'health_check.body_match: this is not a regular expression: Invalid',
  )
  const fragment = "a path here can't have a fragment. Remove the # and the rest"
  t.match(one('health_check_path: "/live#now"'), `4:5 endpoints[0].health_check_path: ${fragment}`)
  t.match(one('health_check: { path: "/#" }'), `4:21 endpoints[0].health_check.path: ${fragment}`)
  const body = (text: string): string => one(`health_check: { body_match: '${text}' }`)
  const wrong = '4:21 endpoints[0].health_check.body_match: this is not a regular expression: '
  t.match(body('/ok/g'), `${wrong}"g" is not allowed here: the flags are i, m, s and u`)
  t.match(body('/ok/ix'), `${wrong}"ix" is not allowed here`)
  t.match(body('(?i)ok'), `${wrong}flags stand behind the last slash here: write /ok/i`)
  t.match(body('/(?is)o.k/'), `${wrong}flags stand behind the last slash here: write /o.k/is`)
  for (const fine of ['/ok/', '/ok/i', '/ok/ims', '/a/path', '/usr/bin', 'ok (?)', '/(?i:ok)/'])
    t.equal(body(fine), '', fine)
  t.match(one('health_check: { headers: { Connection: x } }'), 'it belongs to the connection')
  t.match(one('health_check: { headers: { "a b": x } }'), 'this is not the name of a header field')
  t.match(one('health_check: { headers: { a: "x\\r\\ny" } }'), 'printable ASCII')
  t.match(one('health_check: { method: HEAD }', 'health_check: { body_match: ok }'), 'has no body to match')
  t.match(
    one('disabled: false', 'health_check: { method: HEAD, body_match: ok }'),
    'health_check.body_match: a response to HEAD',
  )
  t.match(one('health_check: { intervall: 1 }'), 'Did you mean "interval"?')
  t.match(one('health_check: { statuses: [6xx] }'), 'expected a status (503) or a class of statuses (5xx)')
})
