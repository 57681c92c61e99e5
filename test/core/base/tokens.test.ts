import t from 'tap'
import { equalsIgnoreCase, isFieldValue, isToken, TOKEN_PATTERN, TOKEN_SOURCE } from '../../../core/base/tokens.ts'

t.test('a token is made of the characters of RFC 9110 §5.6.2', async (t) => {
  const allowed = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  t.ok(isToken(allowed))
  for (let code = 0; code <= 0xff; code++) {
    const letter = String.fromCharCode(code)
    t.equal(isToken(letter), allowed.includes(letter), `character ${code}`)
  }
  for (const text of ['', 'a b', ' a', 'a\n', '\na', 'a,b', 'ſ', '名']) t.notOk(isToken(text), JSON.stringify(text))
})

t.test('the source of the pattern is part of other patterns, with and without the flag u', async (t) => {
  for (const flags of ['', 'u']) {
    const pattern = new RegExp(`^${TOKEN_SOURCE}(?:/${TOKEN_SOURCE})?$`, flags)
    t.ok(pattern.test('foo/2'), flags)
    t.notOk(pattern.test('foo/'), flags)
  }
  t.ok(TOKEN_PATTERN.test('X-Name'))
})

t.test('tokens are equal in any case, and no others are', async (t) => {
  t.ok(equalsIgnoreCase('Content-LENGTH', 'content-length'))
  t.notOk(equalsIgnoreCase('content-lengths', 'content-length'))
  t.notOk(equalsIgnoreCase('content_length', 'content-length'))
  t.notOk(equalsIgnoreCase('xontent-length', 'content-length'))
})

t.test('the value of a header field is printable ASCII without space around it', async (t) => {
  for (const text of ['', 'a', 'a b', 'a\tb', '"x", ;y', '~', '!']) t.ok(isFieldValue(text), JSON.stringify(text))
  for (const text of [' ', ' a', 'a ', '\ta', 'a\t', 'a\nb', 'a\r\nX: y', 'a\0', '\x7f', 'é', '\x80', 'a\n'])
    t.notOk(isFieldValue(text), JSON.stringify(text))
})
