import fc from 'fast-check'
import t from 'tap'
import { normalPath, normalPattern } from '../../../core/base/normal-path.ts'

/** The normal form, or the reason why there is none. */
const form = (path: string): string => {
  const normal = normalPath(path)
  return typeof normal === 'string' ? normal : `400 ${normal.reason}`
}

t.test('what is normal stays as it is', async (t) => {
  const plain = "/aZ09-._~!$&'()*+,;=:@/b"
  for (const path of [
    '',
    '*',
    '/',
    '//',
    '/a/',
    plain,
    '/...',
    '/a/..b',
    '/a/b..',
    '/.well-known/x',
    '/a;..',
    '/%'.concat('2F'),
  ])
    t.equal(form(path), path)
  for (let byte = 0; byte < 0x80; byte++) {
    const char = String.fromCharCode(byte)
    const hex = `%${byte.toString(16).padStart(2, '0')}`
    if (byte < 0x20 || byte === 0x7f || char === '\\') continue
    const encoded = /[A-Za-z0-9\-._~!$&'()*+,=:@]/.test(char) ? char : hex.toUpperCase()
    t.equal(form(`/x${hex}`), `/x${encoded}`, `encoded ${char}`)
    // A slash and a semicolon separate where they are not encoded; % is never plain.
    if (char !== '%')
      t.equal(form(`/x${char}`), char === '/' || char === ';' ? `/x${char}` : `/x${encoded}`, `plain ${char}`)
  }
})

t.test('spellings of one path', async (t) => {
  const groups: readonly (readonly string[])[] = [
    ['/p', '/%70'],
    ['/caf%C3%A9', '/caf%c3%a9', '/c%61f%C3%a9', '/caf\xc3\xa9', '/caf\xc3%A9'],
    ['/a%2Fb', '/a%2fb', '/%61%2Fb'],
    ['/a%3Bb', '/a%3bb'],
    ['/a%7Cb', '/a|b', '/a%7cb'],
    ['/%22%3C%3E%5E%7B%7D%5B%5D%60', '/"<>^{}[]`'],
    ["/!$&'()*+,=:@", '/%21%24%26%27%28%29%2a%2b%2C%3D%3a%40'],
    ['/%F0%9F%98%80', '/\xf0\x9f\x98\x80'],
    ['/a.b', '/a%2eb', '/a%2Eb'],
  ]
  for (const [first, ...others] of groups) for (const other of others) t.equal(form(other), form(first!), other)
  // Never decoded twice.
  t.equal(form('/%2570'), '/%2570')
  t.equal(form('/%25252e'), '/%25252e')
  t.not(form('/%2570'), form('/p'))
  for (const [a, b] of [
    ['/a/b', '/a%2Fb'],
    ['/a;b', '/a%3Bb'],
    ['/a+b', '/a%20b'],
    ['/A', '/a'],
    ['//a', '/a'],
    ['/a/', '/a'],
  ])
    t.not(form(a!), form(b!), `${a} and ${b} are two paths`)
})

t.test('paths without a normal form', async (t) => {
  const refused: Record<string, readonly string[]> = {
    path_traversal: [
      ...['/..', '/.', '/a/..', '/a/../b', '/a/./b', '/a/.', '/a/%2e%2e/b', '/a/%2E./b', '/a/.%2e', '/%2e', '/%2e/a'],
      ...['/a/..%2fb', '/a/..%2F', '/a%2f..%2fb', '/a%2F%2e%2e', '//..', '//../a', '/a/%2e%2E%2f'],
      ...['/a/..;/b', '/a/..;x=1/b', '/a/..%3b/b', '/a/.;', '/a/%2e%2e%3Bx'],
      ...['/a\\b', '/a/..\\b', '/a/%5c', '/a%5C..%5Cb', '/\\'],
    ],
    path_invalid: [
      ...['/%', '/%2', '/%zz', '/%u0041', '/a%4g', '/%%41', '/%-1', '/% 1', '/%0x', '/a%c3%'],
      ...['/%00', '/%0d%0aX:%20y', '/%1f', '/%7f', '/a\x01', '/a\x7f', '/..%00/b', '/.%00./b'],
      // Overlong forms, surrogates, what is beyond Unicode, and characters that are cut off.
      ...[
        '/%c0%ae',
        '/%c0%af',
        '/%c1%81',
        '/%e0%80%ae',
        '/%f0%80%80%ae',
        '/\xc0\xae',
        '/%ed%a0%80',
        '/%f4%90%80%80',
        '/%f8%88',
      ],
      ...['/%ff', '/%80', '/%c3', '/%c3/%a9', '/%c3a', '/\xe9', '/\xe9x', '/%e2%82', '/\u0141', '/\ud83d\ude00'],
    ],
  }
  for (const [reason, paths] of Object.entries(refused))
    for (const path of paths) t.equal(form(path), `400 ${reason}`, JSON.stringify(path))
})

const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '.',
    '..',
    ';',
    '%2f',
    '%2F',
    '%3b',
    '%2e',
    '%',
    '%25',
    '%5c',
    '\\',
    '%c3%a9',
    '\xc3\xa9',
    '%C3',
    '\xa9',
    '%0a',
    '|',
  ),
  fc.integer({ min: 0x21, max: 0xff }).map((byte) => String.fromCharCode(byte)),
  fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`),
)
const path = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`)

t.test('a normal form is its own normal form, in printable ASCII, with the slashes of the path', async (t) => {
  const holds = fc.property(path, (one) => {
    const normal = normalPath(one)
    if (typeof normal !== 'string') return true
    return (
      normalPath(normal) === normal &&
      normalPattern(normal) === normal &&
      /^[!-~]*$/.test(normal) &&
      normal.split('/').length === one.split('/').length
    )
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 2000 }))
})

t.test('two spellings of the same bytes are equal', async (t) => {
  // Each byte: encoded in upper or lower case, or plain where that is the same.
  const byte = fc.integer({ min: 0x20, max: 0x7e }).filter((code) => code !== 0x5c)
  const text = fc.array(
    fc.oneof(
      byte.map((code) => String.fromCharCode(code)),
      fc.constantFrom('é', '한', '😀'),
    ),
    { maxLength: 8 },
  )
  const spell = (plain: string, ways: readonly number[]): string =>
    Array.from(Buffer.from(plain), (code, i) => {
      const char = String.fromCharCode(code)
      const hex = `%${code.toString(16).padStart(2, '0')}`
      const way = ways[i % ways.length]!
      const mayBePlain = !/[%/;]/.test(char)
      return way === 0 && mayBePlain ? char : way === 1 ? hex : hex.toUpperCase()
    }).join('')
  const ways = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 9 })
  const holds = fc.property(text, ways, ways, (chars, one, other) => {
    const plain = chars.join('')
    return form(`/x${spell(plain, one)}`) === form(`/x${spell(plain, other)}`)
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 2000 }))
})

t.test('it decodes to the bytes of the path', async (t) => {
  const decoded = (text: string): string =>
    text.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const holds = fc.property(path, (one) => {
    const normal = normalPath(one)
    return typeof normal !== 'string' || decoded(normal) === decoded(one)
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 2000 }))
})

t.test('what has a normal form stays under its base, as a URL parser sees it', async (t) => {
  const dots = fc.constantFrom('.', '..', '%2e', '%2E', '/', '%2f', '\\', '%5c', 'a', ';', '%3b', '%', '//')
  const rest = fc.array(dots, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`)
  const holds = fc.property(rest, (one) => {
    if (typeof normalPath(one) !== 'string') return true
    const decoded = one.replace(/%2f/gi, '/').replace(/%5c/gi, '\\')
    return [one, decoded].every((form) => new URL(`http://upstream.test/base${form}`).pathname.startsWith('/base/'))
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 2000 }))
})

t.test('of a text in Unicode', async (t) => {
  t.equal(normalPattern('/café'), '/caf%C3%A9')
  t.equal(normalPattern('/caf%c3%a9'), '/caf%C3%A9')
  t.equal(normalPattern(''), '')
  t.match(normalPattern('/caf%E9'), { reason: 'path_invalid', expected: /UTF-8/ })
})
