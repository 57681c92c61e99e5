import fc from 'fast-check'
import t from 'tap'
import { redirectLocation } from '../../../filters/breaker/redirect.ts'
import { redirect } from './support.ts'

t.test('redirect: only the operator chooses the host', async (t) => {
  for (const url of [
    ...['', 'other.test', '//other.test', '/\\other.test', 'javascript:alert(1)', 'ftp://other.test/'],
    ...['{path}', '{query}', 'https://{path}', 'https://other.test{query}/x', 'https://a@other.test{path}'],
    ...['https:///x', 'https://other.test:99999/', '/x{host}', '/a b', '/é', 'http:/x'],
  ])
    await t.rejects(redirect({ url }), /expected an http or https URL/, url)
  for (const url of ['https://other.test', 'https://other.test{path}', 'http://[::1]:80?a={path}', '/{path}', '/#'])
    t.equal((await redirect({ url })).status, 307, url)
})

t.test('redirect: what the placeholders become', async (t) => {
  t.equal(redirectLocation('/{path}', '//evil.test', ''), '/evil.test')
  t.equal(redirectLocation('/{query}{path}', '/evil.test', ''), '/evil.test')
  t.equal(redirectLocation('/{path}', '/\\evil.test', ''), '/%5Cevil.test')
  t.equal(redirectLocation('https://a.test{path}', '@evil.test', ''), 'https://a.test/@evil.test')
  t.equal(redirectLocation('https://a.test{path}', '*', ''), 'https://a.test/*')
  t.equal(
    redirectLocation('https://a.test/login?back={path}', '/a&b=c%20#', '?x'),
    'https://a.test/login?back=/a%26b%3Dc%2520%23',
  )
  t.equal(redirectLocation('https://a.test/?x=1{query}', '/', '?y=2'), 'https://a.test/?x=1&y=2')
  t.equal(redirectLocation('https://a.test/x{path}', '/caf\xe9"<', '?\xff'), 'https://a.test/x/caf%E9%22%3C')
})

t.test('redirect: no request leads elsewhere', async (t) => {
  const piece = fc.constantFrom(
    '/',
    '//',
    '\\',
    'evil.test',
    '@',
    ':',
    '.',
    '..',
    '?',
    '%2f',
    '\t',
    ' ',
    '#',
    '\r\n',
    'a',
  )
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
  const templates = [
    '/{path}',
    '/{path}{query}',
    '/x{path}',
    '/{query}{path}',
    'https://a.test{path}',
    'https://a.test/{path}{path}',
    '/?{path}{query}',
  ]
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.constantFrom(...templates), text, text, (template, path, query) => {
        const location = redirectLocation(template, path, query === '' ? '' : `?${query}`)
        if (!/^[\x21-\x7e]+$/.test(location)) return false
        return new URL(location, 'https://a.test/b/').host === 'a.test'
      }),
      { numRuns: 3000 },
    ),
  )
})
