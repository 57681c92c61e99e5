import t from 'tap'
import { normalHost } from '../../../core/base/normal-host.ts'

t.test('one form for each host', async (t) => {
  const table: Record<string, readonly string[]> = {
    // envoyproxy/envoy#14748, mesosphere/traefik-forward-auth#131: the dot at the end of an absolute name.
    'a.test': ['a.test', 'A.Test', 'a.test.', 'a.test:80', 'a.test:', 'A.TEST.:8443'],
    '*.a.test': ['*.A.test.', '*.a.test'],
    '[::1]': ['[::1]', '[::1]:80', '[0:0:0:0:0:0:0:1]', '[::0001]:1'],
    '[2001:db8::a]': ['[2001:DB8::A]:443', '[2001:0db8:0::000a]'],
    '': ['', '.', ':80'],
    '[x]': ['[X]'],
  }
  for (const [form, spellings] of Object.entries(table))
    for (const spelling of spellings) t.equal(normalHost(spelling), form, spelling)
  for (const form of Object.keys(table)) t.equal(normalHost(form), form)
  t.equal(normalHost('a.test..'), 'a.test.', 'an empty label is none')
})
