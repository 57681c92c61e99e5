import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { hiddenLine, type LineSource, lineFrom } from '../../../core/main/secret-line.ts'

const from = (...chunks: readonly (string | Uint8Array)[]) =>
  lineFrom(Readable.from(chunks.map((one) => Buffer.from(one as string))), 8)

t.test('the only line', async (t) => {
  t.equal(await from('a b'), 'a b')
  t.equal(await from('ab\n'), 'ab')
  t.equal(await from('ab\r\n'), 'ab')
  t.equal(await from('a', 'b', '\n'), 'ab')
  t.equal(await from(' a '), ' a ', 'spaces belong to it')
  t.equal(await from(Buffer.from([0xc3]), Buffer.from([0xa4])), 'ä', 'a character in two pieces')
  t.equal(await from('12345678\r\n'), '12345678')
})

t.test('anything else is none', async (t) => {
  for (const text of ['', '\n', '\r\n', 'a\nb', 'a\n\n', '123456789', 'x'.repeat(1000)])
    t.equal(await from(text), undefined, JSON.stringify(text.slice(0, 20)))
  t.equal(await from(Buffer.from([0xc3, 0x28])), undefined, 'no UTF-8')
})

t.test('reading ends where it can', async (t) => {
  const endless = async function* () {
    for (;;) yield Buffer.from('xxxx')
  }
  t.equal(await lineFrom(endless(), 8), undefined)
  const typed: LineSource = Object.assign(
    (async function* () {
      yield Buffer.from('ab\n')
      throw new Error('read on')
    })(),
    { isTTY: true },
  )
  t.equal(await lineFrom(typed, 8), 'ab')
})

t.test('what is typed is not shown', async (t) => {
  const terminal = new PassThrough()
  const said: string[] = []
  const typed = hiddenLine(terminal, 'Password: ', (text) => said.push(text))
  terminal.write('correct horsw\u007fe\r')
  t.equal(await typed, 'correct horse')
  t.strictSame(said, ['Password: ', '\n'])
})
