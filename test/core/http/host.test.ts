import t from 'tap'
import { isHost } from '../../../core/http/host.ts'

// RFC 9110 §4.2.1, §7.2; RFC 3986 §3.2.2, §3.2.3.
t.test('a host with or without a port', async (t) => {
  for (const host of [
    'a',
    'a.test',
    'A-z_0.9~',
    "!$&'()*+;=",
    'a:',
    `${'a.'.repeat(125)}test.:80`,
    'a:0',
    'a:80',
    'a:65535',
    'a:00080',
    '1.2.3.4:80',
    '[::1]',
    '[2001:db8::1]:8080',
    '[::1]:',
  ]) {
    t.ok(isHost(host), host)
    t.ok(isHost(host), `${host}, once more`)
  }
})

t.test('anything else', async (t) => {
  for (const text of [
    '',
    ':',
    ':80',
    'a b',
    ' a',
    'a ',
    'a,b',
    'a/b',
    'a?b',
    'a#b',
    'u@a',
    'a%41',
    '%61',
    'ä',
    'a:b',
    'a:8 ',
    'a:-1',
    'a:8/',
    'a:8:',
    'a:65536',
    'a:99999',
    'a:000080',
    '[::1',
    '[::1]x',
    '[::1]80',
    '[::1]:x',
    '[1.2.3.4]',
    '[]',
    '[:1]',
    '::1',
    ']',
    `${'a.'.repeat(127)}test`,
    'a]',
  ]) {
    t.notOk(isHost(text), text)
    t.notOk(isHost(text), `${text}, once more`)
  }
})
