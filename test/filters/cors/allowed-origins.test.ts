import t from 'tap'
import { AllowedOrigins } from '../../../filters/cors/allowed-origins.ts'
import { type OriginPattern, parseOriginPattern } from '../../../filters/cors/origin-pattern.ts'

const of = (...texts: string[]): AllowedOrigins =>
  new AllowedOrigins(texts.map((text) => parseOriginPattern(text) as OriginPattern))

const some = of(
  'https://app.example.com',
  'http://localhost:3000',
  'https://*.example.org',
  'http://*.dev.example.net:8080',
)

t.test('origins that are allowed come back as they are', async (t) => {
  for (const origin of [
    'https://app.example.com',
    'http://localhost:3000',
    'https://a.example.org',
    'https://a.b.c.example.org',
    'https://xn--mnchen-3ya.example.org',
    'https://my_app-2.example.org',
    'http://a.dev.example.net:8080',
  ])
    t.equal(some.valueFor(origin), origin)
})

t.test('hostile and mistaken origins', async (t) => {
  for (const origin of [
    '',
    ' ',
    '*',
    'null',
    'undefined',
    // Another scheme, host or port.
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com:443',
    'https://app.example.com.',
    'https://app.example.com/',
    'https://app.example.com.evil.com',
    'https://evil-app.example.com',
    'https://sub.app.example.com',
    'https://app-example.com',
    'https://appxexample.com',
    'HTTPS://APP.EXAMPLE.COM',
    'https://App.example.com',
    'http://localhost',
    'http://localhost:30000',
    'http://localhost:3000.evil.com',
    'http://localhost:3000@evil.com',
    // Around the pattern.
    'https://example.org',
    'https://.example.org',
    'https://..example.org',
    'https://a..example.org',
    'https://evilexample.org',
    'https://evil-example.org',
    'http://a.example.org',
    'http://aa.example.org',
    'ftp://a.example.org',
    'ftp://aaa.example.org',
    'httpx://a.example.org',
    'https://a.example.org:8443',
    'https://a.example.org:443',
    'https://a.example.org.',
    'https://a.example.org.evil.com',
    'https://a.example.org/',
    'https://A.example.org',
    'https://a.EXAMPLE.org',
    'https://evil.com/.example.org',
    'https://evil.com?.example.org',
    'https://evil.com#.example.org',
    'https://evil.com\\.example.org',
    'https://evil.com@a.example.org',
    'https://a:b@a.example.org',
    'https://evil.com:80.example.org',
    'https://evil.com%2f.example.org',
    'https://evil.com%00.example.org',
    'https://evil.com\0.example.org',
    'https://evil.com\t.example.org',
    'https://evil.com .example.org',
    'https://evil.com,https://a.example.org',
    'https://a.example.org, https://evil.com',
    'https://a.example.org https://evil.com',
    'https://evil.com\n.example.org',
    'https://a.example.org\n',
    'https://{a}.example.org',
    'https://*.example.org',
    'https://[::1].example.org',
    'https://münchen.example.org',
    'https://a\xad.example.org',
    'https://https://a.example.org',
    'xhttps://a.example.org',
    'https:a.example.org',
    'https:/a.example.org',
    'https://example.org.example.com',
    'http://dev.example.net:8080',
    'http://a.dev.example.net',
    'http://a.dev.example.net:80801',
    'https://a.dev.example.net:8080',
    'http://a.dev.example.net:8080:8080',
    `https://${'a.'.repeat(5000)}example.org`,
  ]) {
    t.equal(some.valueFor(origin), undefined, JSON.stringify(origin.slice(0, 60)))
    t.notOk(some.allows(origin))
  }
})

t.test('null is allowed where it is listed', async (t) => {
  t.equal(of('null').valueFor('null'), 'null')
  t.equal(of('null').valueFor(''), undefined)
})

t.test('every origin: the response is the same for all, and for none', async (t) => {
  const all = of('*')
  for (const origin of ['', 'null', 'https://evil.com', 'nonsense, and more']) t.equal(all.valueFor(origin), '*')
  t.ok(all.any)
  t.notOk(some.any)
})
