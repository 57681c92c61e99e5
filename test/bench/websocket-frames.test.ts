import t from 'tap'
import { EchoParser, maskedFrame } from './websocket-frames.ts'

const MASK = Buffer.from([1, 2, 3, 4])

t.test('a message as a client sends it (RFC 6455 §5.7)', async (t) => {
  const frame = maskedFrame('Hello', Buffer.from([0x37, 0xfa, 0x21, 0x3d]))
  t.equal(frame.toString('hex'), '818537fa213d7f9f4d5158')
})

t.test('messages are echoed, however they are cut', async (t) => {
  const bytes = Buffer.concat([maskedFrame('one', MASK), maskedFrame('', MASK), maskedFrame('three', MASK)])
  const wanted = Buffer.concat([Buffer.from('\x81\x03one\x81\x00\x81\x05three', 'latin1')])
  for (let size = 1; size <= bytes.length; size++) {
    const parser = new EchoParser()
    const echoes: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) echoes.push(parser.take(bytes.subarray(at, at + size)))
    t.strictSame(Buffer.concat(echoes), wanted, `pieces of ${size}`)
  }
})
