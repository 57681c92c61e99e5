import t from 'tap'
import { endpoint, problems } from '../support.ts'

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
  t.equal(
    one('endpoints: { a: 1 }'),
    '1:1 endpoints: expected a list of endpoints, found a mapping: begin each with a dash, - name: …',
  )
  t.equal(one('plugins: [""]'), `1:11 plugins[0]: expected a text that isn't empty, found ""`)
  t.equal(one('plugins: [a, a]'), '1:14 plugins[1]: the plugin is listed already: plugins[0] (line 1)')
  t.equal(
    one('auth_issuer: 3'),
    '1:1 auth_issuer: expected a text in quotes (YAML reads this as a number) or a list of texts, found 3',
  )
  t.equal(one('- a'), '1:1 expected a configuration, such as "listen: 8000"; found a list')
  t.equal(one(endpoint('methods: GET')), '4:5 endpoints[0].methods: expected a list, found "GET"')
  t.equal(
    one(endpoint('methods: []')),
    '4:5 endpoints[0].methods: expected a list with at least one entry (or leave the key out), found an empty list',
  )
  t.equal(one(endpoint('roles:')), '4:5 endpoints[0].roles: expected a list, found nothing')
  t.equal(
    one(endpoint('methods: [GET, 3]')),
    '4:20 endpoints[0].methods[1]: expected a text in quotes (YAML reads this as a number), found 3',
  )
})
