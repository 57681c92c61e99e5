import t from 'tap'
import { parseOriginPattern } from '../../../filters/cors/origin-pattern.ts'

t.test('what an entry allows', async (t) => {
  const cases: [text: string, pattern: Record<string, unknown>][] = [
    ['*', { kind: 'any' }],
    ['null', { kind: 'exact', origin: 'null' }],
    ['https://app.example.com', { kind: 'exact', origin: 'https://app.example.com' }],
    ['HTTPS://App.Example.COM:443', { kind: 'exact', origin: 'https://app.example.com' }],
    ['http://app.example.com:80', { kind: 'exact', origin: 'http://app.example.com' }],
    ['http://app.example.com:443', { kind: 'exact', origin: 'http://app.example.com:443' }],
    ['http://localhost:3000', { kind: 'exact', origin: 'http://localhost:3000' }],
    ['http://[0:0::1]:3000', { kind: 'exact', origin: 'http://[::1]:3000' }],
    ['https://10.0.0.1', { kind: 'exact', origin: 'https://10.0.0.1' }],
    ['https://münchen.example', { kind: 'exact', origin: 'https://xn--mnchen-3ya.example' }],
    ['Capacitor://localhost', { kind: 'exact', origin: 'capacitor://localhost' }],
    ['chrome-extension://abcdef', { kind: 'exact', origin: 'chrome-extension://abcdef' }],
    ['https://*.example.org', { kind: 'subdomains', before: 'https://', after: '.example.org', labels: 2 }],
    ['HTTP://*.Example.ORG:8080', { kind: 'subdomains', before: 'http://', after: '.example.org:8080', labels: 2 }],
    ['https://*.example.org:443', { kind: 'subdomains', before: 'https://', after: '.example.org', labels: 2 }],
    ['https://*.a.example.org', { kind: 'subdomains', after: '.a.example.org', labels: 3 }],
    ['https://*.com', { kind: 'subdomains', after: '.com', labels: 1 }],
  ]
  for (const [text, pattern] of cases) t.match(parseOriginPattern(text), { text, ...pattern }, text)
})

t.test('what is no origin, and what may have been meant', async (t) => {
  const cases: [text: string, message: RegExp][] = [
    ['', /^expected a scheme, a host/],
    ['https://', /^expected a scheme, a host/],
    ['api.example.com', /such as https:\/\/api\.example\.com$/],
    ['localhost:3000', /such as https:\/\/localhost:3000$/],
    ['app.example.com', /such as https:\/\/app\.example\.com$/],
    ['*.example.org', /such as https:\/\/\*\.example\.org$/],
    ['https://app.example.com/', /such as https:\/\/app\.example\.com$/],
    ['https://app.example.com/path', /without a path/],
    ['https://user@app.example.com', /such as https:\/\/app\.example\.com$/],
    ['https://app.example.com:99999', /^expected a scheme/],
    ['https://a b', /^expected a scheme/],
    ['https://a,https://b', /^expected a scheme/],
    ['file:///x', /^expected a scheme/],
    ['app://*.x', /^expected a scheme/],
    ['wss://app.example.com', /write http:\/\/ or https:\/\//],
    ['https://*', /the only pattern is/],
    ['https://*:8080', /the only pattern is/],
    ['https://*.', /the only pattern is/],
    ['https://*.*', /the only pattern is/],
    ['https://*.*.org', /the only pattern is/],
    ['https://a*.example.org', /the only pattern is/],
    ['https://a.*.example.org', /the only pattern is/],
    ['https://*example.org', /the only pattern is/],
    ['https://example.*', /the only pattern is/],
    ['https://*.10.0.0.1', /the only pattern is/],
    ['https://*.0x7f', /the only pattern is/],
    ['https://*.[::1]', /the only pattern is/],
  ]
  for (const [text, message] of cases) {
    const found = parseOriginPattern(text)
    t.match(found, message, text)
    t.type(found, 'string')
  }
})
