import t from 'tap'
import { pemBlocks, unwrapBase64 } from '../../../core/base/pem.ts'

const block = (label: string, body = 'AAAA'): string => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`

t.test('every block, in its normal form', async (t) => {
  t.strictSame(pemBlocks(''), [])
  t.strictSame(pemBlocks('no key at all'), [])
  t.strictSame(
    pemBlocks(`# one\r\n${block('A KEY')}two ${block('CERTIFICATE', 'BBBB\\nCC==').replaceAll('\n', ' ')}`),
    [
      { label: 'A KEY', text: block('A KEY') },
      { label: 'CERTIFICATE', text: block('CERTIFICATE', 'BBBBCC==') },
    ],
  )
  const long = 'x'.repeat(64)
  t.strictSame(pemBlocks(block('X', long + long))[0]?.text, block('X', `${long}\n${long}`), 'no empty line')
})

t.test('a block that is cut off anywhere is an error, and its contents are not shown', async (t) => {
  const whole = block('FIRST', 'c2VjcmV0') + block('CERTIFICATE', 'c2VjcmV0')
  const end = whole.length - 1
  const first = block('FIRST', 'c2VjcmV0').length
  for (let length = first + '-----B'.length; length < end; length++) {
    const cut = whole.slice(0, length)
    t.throws(() => pemBlocks(cut), { message: /^block 2,? / }, cut.slice(first))
    t.notMatch(errorOf(cut), /c2Vj/)
  }
  t.throws(() => pemBlocks(whole.slice(20)), /block 1, FIRST, has an END line without its BEGIN line/)
  t.throws(() => pemBlocks('-----BEGIN A-----\nAAAA\n-----END B-----'), /block 1, B, has an END line without/)
  t.throws(() => pemBlocks(`-----BEGIN A-----\nAAAA\n${block('A')}`), /block 1, A, has no END line/)
  t.throws(() => pemBlocks(block('A', 'Proc-Type: 4')), /block 1, A, is empty, or holds characters/)
  t.throws(() => pemBlocks(block('A', '')), /block 1, A, is empty/)
})

t.test('a text in base64 is unwrapped if PEM or JSON is in it', async (t) => {
  for (const text of [block('A'), '{"kty":"RSA"}', '\n{ "keys": [] }'])
    t.equal(unwrapBase64(Buffer.from(text).toString('base64')), text)
  for (const text of ['', 'abcd', Buffer.from('a secret').toString('base64'), block('A')])
    t.equal(unwrapBase64(text), text)
})

t.test('a hostile text takes linear work', async (t) => {
  for (const [text, message] of [
    ['-----BEGIN A'.repeat(100_000), /cut off/],
    ['-----END A'.repeat(100_000), /cut off/],
    [`-----BEGIN ${'A '.repeat(500_000)}`, /cut off/],
  ] as const)
    t.throws(() => pemBlocks(text), message)
})

function errorOf(text: string): string {
  try {
    pemBlocks(text)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}
