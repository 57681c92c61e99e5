import t from 'tap'
import { frameAt, frameBytes, laterFrame } from '../../../plugins/tokens/log-frames.ts'

t.test('a frame is read where it was written, and only there as it was', async (t) => {
  const frame = { sequence: 7, at: 5, records: [{ text: 'W1 é\n' }] }
  const bytes = Buffer.concat([Buffer.from('xx'), frameBytes(frame), frameBytes({ ...frame, sequence: 8 })])
  const found = frameAt(bytes, 2)
  t.strictSame(found?.frame, frame)
  t.equal(laterFrame(bytes, 2, 7), found?.end)
  t.equal(laterFrame(bytes, 0, 8), undefined)
  t.equal(frameAt(bytes, 0), undefined)
  const renumbered = Buffer.from(bytes.toString('latin1').replace('W1 7', 'W1 9'), 'latin1')
  t.equal(frameAt(renumbered, 2), undefined, 'the checksum is of its number, too')
  t.equal(frameAt(bytes.subarray(0, found!.end - 1), 2), undefined)
})
