// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like this
import t from 'tap'
import { problems } from '../support.ts'

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
    auth_type: digest
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
      '5:1 access_log: expected true, false or a mapping, found "yes"',
      '6:12 tracing.sample_ratio: expected at most 1, found 2',
      '6:29 tracing.endpoint: expected an http:// or https:// URL, found "ftp://x"',
      '7:13 shutdown.timeout: expected a duration: seconds, or a string such as 250ms, 30s, 5m, found "soon"',
      '8:19 trusted_proxies[0]: expected an IP address or a range such as 10.0.0.0/8 or fd00::/8, found "10.0.0.0/33"',
      '8:32 trusted_proxies[1]: expected an IP address or a range such as 10.0.0.0/8 or fd00::/8, found "x"',
      '12:5 filters[2].breaker: expected options (a mapping) or off, found 3',
      '14:5 endpoints[0].name: expected letters, digits and . _ ~ - only, found "a b"',
      `15:5 endpoints[0].url: a URL here can't have a query. Remove the ? and the rest`,
      '16:5 endpoints[0].auth_type: expected one of "bearer", "api_key", "basic", "none", or a list of the first three, found "digest"',
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

t.test('keys of the log say what they may be', async (t) => {
  const found = problems(`log_format: prety
log_time: now
access_log: { statuses: [6xx], paths: { exclude: [healthz] }, listeners: [proxi], share: 2, fields: [stauts], sahre: 1 }
`)
  t.match(found, [
    '1:1 log_format: expected one of "auto", "json", "pretty", found "prety". Did you mean "pretty"?',
    '2:1 log_time: expected one of "epoch", "iso", found "now"',
    '3:26 access_log.statuses[0]: expected a status (503) or a class of statuses (5xx), found "6xx"',
    '3:51 access_log.paths.exclude[0]: expected a path, /healthz, or what is below one, /static/*, found "healthz"',
    '3:75 access_log.listeners[0]: expected one of "proxy", "admin", found "proxi". Did you mean "proxy"?',
    '3:83 access_log.share: expected at most 1, found 2',
    /^3:102 access_log\.fields\[0\]: .*, found "stauts"\. Did you mean "status"\?$/,
    '3:111 access_log.sahre: unknown key "sahre". Did you mean "share"?',
  ])
  t.equal(found.length, 8)
})
