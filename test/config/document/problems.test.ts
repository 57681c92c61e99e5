// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like this
import t from 'tap'
import { ConfigDocument } from '../../../config/document/config-document.ts'
import { ConfigFile } from '../../../config/document/config-file.ts'
import { formatPath } from '../../../config/document/format-path.ts'
import { LocatedConfigError } from '../../../config/document/located-config-error.ts'
import { parseConfig } from '../../../config/live/config-loader.ts'
import { show } from '../../../core/base/show.ts'
import { endpoint, parse, problems } from '../support.ts'

t.test('every problem is reported at once, in the order of the file', async (t) => {
  t.same(
    problems(
      `listen: \${PORT}
lisen: 3
log_level: inf
admin: { listen: localhost:9000, filtesr: [] }
access_log: "yes"
tracing: { sample_ratio: 2, endpoint: "ftp://x" }
shutdown: { timeout: soon }
trusted_proxies: [10.0.0.0/33, x]
filters:
  - request-id
  - auth: { algorithm: x }
  - breaker: 3
endpoints:
  - name: a b
    url: https://upstream/?q
    auth_type: basic
    rols: [x]
  - nam: x
  - 3
  - { name: x, url: "http://x", disabled: "\${D}" }
health_check: { interval: -1 }
auth_algorithm: HS256
`,
      { PORT: 'abc', D: 'secret' },
    ),
    [
      '1:1 listen: expected a port, "host:port", ":port" or "[ipv6]:port", found the value of "${PORT}"',
      '2:1 lisen: unknown key "lisen". Did you mean "listen"?',
      '3:1 log_level: expected one of "trace", "debug", "info", "warn", "error", "fatal", "silent", found "inf". Did you mean "info"?',
      '4:34 admin.filtesr: unknown key "filtesr". Did you mean "filters"?',
      '5:1 access_log: expected true or false, found "yes"',
      '6:12 tracing.sample_ratio: expected at most 1, found 2',
      '6:29 tracing.endpoint: expected an http:// or https:// URL, found "ftp://x"',
      '7:13 shutdown.timeout: expected a duration: seconds, or a string such as 250ms, 30s, 5m, found "soon"',
      '8:19 trusted_proxies[0]: expected an IP address or a range such as 10.0.0.0/8 or fd00::/8, found "10.0.0.0/33"',
      '8:32 trusted_proxies[1]: expected an IP address or a range such as 10.0.0.0/8 or fd00::/8, found "x"',
      '12:5 filters[2].breaker: expected options (a mapping) or off, found 3',
      '14:5 endpoints[0].name: expected letters, digits and . _ ~ - only, found "a b"',
      `15:5 endpoints[0].url: a URL here can't have a query. Remove the ? and the rest`,
      '16:5 endpoints[0].auth_type: expected one of "bearer", "none", found "basic"',
      '17:5 endpoints[0].rols: unknown key "rols". Did you mean "roles"?',
      '18:5 endpoints[1].nam: unknown key "nam". Did you mean "name"?',
      '18:5 endpoints[1]: "name" is missing',
      '18:5 endpoints[1]: "url" is missing',
      '19:5 endpoints[2]: expected an endpoint (a mapping with name and url), found 3',
      '20:33 endpoints[3].disabled: expected true or false, found the value of "${D}"',
      '21:17 health_check.interval: expected a duration: seconds, or a string such as 250ms, 30s, 5m, found -1',
      '22:1 auth_algorithm: given twice: auth_algorithm is the same as filters[1].auth.algorithm (line 11). Remove one of them',
    ],
  )
})

t.test('the wrong kind is named, and what is allowed', async (t) => {
  const one = (text: string): string => problems(text).join('\n')
  t.equal(one('listen: []'), '1:1 listen: expected a port or "host:port", found an empty list')
  t.equal(one('listen: 1.5'), '1:1 listen: expected a port or "host:port", found 1.5')
  t.equal(one('listen: 70000'), '1:1 listen: expected at most 65535, found 70000')
  t.equal(one('listen:'), '1:1 listen: expected a port or "host:port", found nothing')
  t.equal(one('admin: 3'), '1:1 admin: expected a mapping with listen and filters, or off; found 3')
  t.equal(one('echo: 3'), '1:1 echo: expected a mapping or off, found 3')
  t.equal(one('echo: { lisen: 1 }'), '1:9 echo.lisen: unknown key "lisen". Did you mean "listen"?')
  t.equal(one('circuit_breaker: 3'), '1:1 circuit_breaker: expected a mapping, found 3')
  t.equal(
    one('health_check: { unhealthy_threshold: 1.5 }'),
    '1:17 health_check.unhealthy_threshold: expected a whole number, found 1.5',
  )
  t.equal(
    one('health_check: { healthy_threshold: 0 }'),
    '1:17 health_check.healthy_threshold: expected at least 1, found 0',
  )
  t.equal(one('tracing: { sample_ratio: .nan }'), '1:12 tracing.sample_ratio: expected a number, found NaN')
  t.equal(one('endpoints: { a: 1 }'), '1:1 endpoints: expected a list of endpoints, found a mapping')
  t.equal(one('plugins: [""]'), `1:11 plugins[0]: expected a text that isn't empty, found ""`)
  t.equal(one('plugins: [a, a]'), '1:14 plugins[1]: the plugin is listed already: plugins[0] (line 1)')
  t.equal(one('auth_issuer: 3'), '1:1 auth_issuer: expected a text or a list of texts, found 3')
  t.equal(one('- a'), '1:1 expected a configuration, such as "listen: 8000"; found a list')
  t.equal(one(endpoint('methods: GET')), '4:5 endpoints[0].methods: expected a list, found "GET"')
  t.equal(
    one(endpoint('methods: []')),
    '4:5 endpoints[0].methods: expected a list with at least one entry (or leave the key out), found an empty list',
  )
  t.equal(one(endpoint('roles:')), '4:5 endpoints[0].roles: expected a list, found nothing')
  t.equal(one(endpoint('methods: [GET, 3]')), '4:20 endpoints[0].methods[1]: expected a text, found 3')
})

t.test('a path that is not in the document is placed at its nearest ancestor', async (t) => {
  const { document } = parse(endpoint('methods: [GET]'))
  t.same(document.locate(['endpoints', 0, 'methods', 0]), { file: 'weir.yaml', line: 4, col: 15 })
  t.same(document.locate(['endpoints', 0, 'filters', 'auth', 'x']), { file: 'weir.yaml', line: 2, col: 5 })
  t.same(document.locate(['endpoints', 7, 'url']), { file: 'weir.yaml', line: 1, col: 1 })
  t.same(document.locate(['endpoints', 0, 'url', 'deeper']), { file: 'weir.yaml', line: 3, col: 5 })
  t.same(document.locate(['filters', 3]), { file: 'weir.yaml', line: 1, col: 1 })
  t.equal(document.format({ path: ['endpoints', 0, 'proxy'], message: 'no' }), 'weir.yaml:2:5 endpoints[0].proxy: no')
  t.equal(document.format({ path: [], message: 'no' }), 'weir.yaml:1:1 no')
  t.equal(new ConfigDocument(new ConfigFile('gone.yaml')).format({ path: ['a'], message: 'no' }), 'gone.yaml a: no')
})

t.test('through an alias, the place is where the text stands', async (t) => {
  const { document } = parse(`endpoints:
  - name: a
    url: http://upstream
    filters: &same
      breaker: { failure_threshold: 2 }
  - name: b
    url: http://upstream
    filters: *same
`)
  t.same(document.locate(['endpoints', 1, 'filters', 'breaker', 'failure_threshold']), {
    file: 'weir.yaml',
    line: 5,
    col: 18,
  })
  t.same(document.locate(['endpoints', 1, 'filters']), { file: 'weir.yaml', line: 8, col: 5 })
})

t.test('the error carries the problems by path, for whoever wants them as data', async (t) => {
  try {
    parseConfig('listen: x', { file: 'w', env: {} })
    t.fail('loaded')
  } catch (error) {
    t.ok(error instanceof LocatedConfigError)
    t.match(error, { name: 'LocatedConfigError', problems: [{ path: ['listen'] }], document: { main: { name: 'w' } } })
  }
})

t.test('messages show values short, and no credentials', async (t) => {
  t.equal(show('https://user:secret@host/'), '"https://…@host/"')
  t.equal(show('x'.repeat(100)), `"${'x'.repeat(60)}…"`)
  t.equal(show({}), 'a mapping')
  t.equal(formatPath(['a', 0, 'b c', 'd-e']), 'a[0]["b c"].d-e')
  const [line] = problems('endpoints:\n  - name: a\n    url: "https://me:secret@host"')
  t.equal(line, "3:5 endpoints[0].url: a URL here can't hold a user name or password. Remove the part before the @")
})
