import type { Writable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import * as ws from 'ws'
import { closeFrame, FrameTracker } from '../../../../core/http/tunnel/websocket-frames.ts'

/** ws's own parser, which its types leave out. */
const { Receiver } = ws as unknown as {
  Receiver: new (options: { isServer: boolean; maxPayload?: number }) => Writable
}

interface Frame {
  readonly opcode: number
  readonly fin: boolean
  readonly payload: Buffer
  readonly masked: boolean
}

/** A frame as RFC 6455 §5.2 lays it out; written for this test, independently of the tracker. */
function encode({ opcode, fin, payload, masked }: Frame): Buffer {
  const first = (fin ? 0x80 : 0) | opcode
  const mask = masked ? 0x80 : 0
  const { length } = payload
  let head: Buffer
  if (length < 126) head = Buffer.from([first, mask | length])
  else if (length < 65536) {
    head = Buffer.from([first, mask | 126, 0, 0])
    head.writeUInt16BE(length, 2)
  } else {
    head = Buffer.alloc(10)
    head.set([first, mask | 127])
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  if (!masked) return Buffer.concat([head, payload])
  const key = Buffer.from([0x12, 0xff, 0, 0x81])
  return Buffer.concat([head, key, payload.map((byte, i) => byte ^ key[i % 4]!)])
}

const length = fc.oneof(
  { weight: 6, arbitrary: fc.nat(130) },
  { weight: 2, arbitrary: fc.constantFrom(0, 125, 126, 127, 65_535, 65_536, 70_000) },
)
const control = fc.record({ opcode: fc.constantFrom(9, 10), length: fc.nat(125) })
/** A message in fragments, with control frames between them (§5.4). */
const message = fc.record({
  fragments: fc.array(length, { minLength: 1, maxLength: 4 }),
  between: fc.array(control, { maxLength: 3 }),
})

function framesOf(messages: readonly { fragments: number[]; between: { opcode: number; length: number }[] }[]) {
  const frames: Omit<Frame, 'masked'>[] = []
  for (const { fragments, between } of messages) {
    fragments.forEach((size, i) => {
      frames.push({ opcode: i === 0 ? 2 : 0, fin: i === fragments.length - 1, payload: Buffer.alloc(size, 0xa5) })
      const put = between[i]
      if (put !== undefined) frames.push({ opcode: put.opcode, fin: true, payload: Buffer.alloc(put.length, 0x89) })
    })
  }
  return frames
}

/** The bytes cut at these places, given as parts of the whole. */
function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...cuts.map((cut) => Math.floor(cut * bytes.length)), bytes.length])].sort((a, b) => a - b)
  return at.slice(1).map((end, i) => bytes.subarray(at[i]!, end))
}

const cuts = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 30 })

t.test('frames of any size, split anywhere, end where the package ws says', async () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 5 }),
      fc.boolean(),
      fc.boolean(),
      cuts,
      (messages, masked, closes, cuts) => {
        const frames = framesOf(messages).map((frame) => ({ ...frame, masked }))
        if (closes) frames.push({ opcode: 8, fin: true, payload: Buffer.from([3, 0xe8]), masked })
        const tracker = new FrameTracker(masked)
        const receiver = new Receiver({ isServer: masked, maxPayload: 0 })
        let concluded = false
        receiver.on('conclude', () => (concluded = true))
        receiver.on('message', () => {})
        for (const chunk of split(Buffer.concat(frames.map(encode)), cuts)) {
          tracker.push(chunk)
          receiver.write(chunk)
          const { _state, _bufferedBytes } = receiver as unknown as Record<string, number>
          const idle = concluded || (_state === 0 && _bufferedBytes === 0)
          if (tracker.atBoundary !== idle || tracker.closed !== concluded || tracker.broken) return false
        }
        return tracker.atBoundary && tracker.closed === closes
      },
    ),
    { numRuns: 300 },
  )
})

t.test('with once, it stops after each frame', async () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 3 }), fc.boolean(), cuts, (messages, masked, cuts) => {
      const frames = framesOf(messages).map((frame) => encode({ ...frame, masked }))
      const tracker = new FrameTracker(masked)
      const ends: number[] = []
      let before = 0
      for (const chunk of split(Buffer.concat(frames), cuts)) {
        for (let at = 0; at < chunk.length; ) {
          at = tracker.push(chunk, at, true)
          if (tracker.atBoundary) ends.push(before + at)
        }
        before += chunk.length
      }
      let sum = 0
      return JSON.stringify(ends) === JSON.stringify(frames.map((frame) => (sum += frame.length)))
    }),
    { numRuns: 200 },
  )
})

t.test('bytes that are no frames are broken, and have no boundary', async (t) => {
  const broken: readonly (readonly [string, boolean, number[]])[] = [
    ['an HTTP answer', false, [...Buffer.from('HTTP/1.1 200 OK\r\n\r\n')]],
    ['a TLS hello', true, [0x16, 3, 1, 2, 0]],
    ['a reserved opcode', false, [0x83, 0]],
    ['a reserved control opcode', false, [0x8b, 0]],
    ['a fragmented control frame', false, [0x09, 0]],
    ['a fragmented Close', false, [0x08, 0]],
    ['a control frame of 126 bytes', false, [0x89, 126, 0, 126]],
    ['a Close of 126 bytes', false, [0x88, 126, 0, 126]],
    ['an unmasked frame of a client', true, [0x82, 1, 0]],
    ['a masked frame of a server', false, [0x82, 0x81, 0, 0, 0, 0, 0]],
    ['a length with its highest bit set', false, [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 1]],
    ['a length that can’t be counted', false, [0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255]],
    ['the same of a client', true, [0x82, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4]],
  ]
  for (const [what, masked, bytes] of broken) {
    for (const size of [1, bytes.length]) {
      const tracker = new FrameTracker(masked)
      for (let at = 0; at < bytes.length; at += size) tracker.push(Buffer.from(bytes.slice(at, at + size)))
      t.ok(tracker.broken, what)
      tracker.push(Buffer.from([0x82, masked ? 0x80 : 0, 0, 0, 0, 0]))
      t.notOk(tracker.atBoundary, what)
    }
  }
  const arbitrary = fc.uint8Array({ maxLength: 64 })
  fc.assert(
    fc.property(arbitrary, fc.boolean(), cuts, (bytes, masked, cuts) => {
      const [whole, parts] = [new FrameTracker(masked), new FrameTracker(masked)]
      const buffer = Buffer.from(bytes)
      whole.push(buffer)
      for (const chunk of split(buffer, cuts)) parts.push(chunk)
      const view = ({ atBoundary, closed, broken }: FrameTracker) => `${atBoundary} ${closed} ${broken}`
      return view(whole) === view(parts)
    }),
    { numRuns: 2000 },
  )
})

t.test('a frame of 2^53 - 1 bytes is valid', async (t) => {
  const tracker = new FrameTracker(false)
  tracker.push(Buffer.from([0x82, 127, 0, 0x1f, 255, 255, 255, 255, 255, 255]))
  tracker.push(Buffer.alloc(100))
  t.notOk(tracker.broken)
  t.notOk(tracker.atBoundary)
})

t.test('the package ws accepts its Close frames, masked for a server', async (t) => {
  for (const isServer of [true, false]) {
    const receiver = new Receiver({ isServer })
    const codes: number[] = []
    receiver.on('conclude', (code: number) => codes.push(code))
    receiver.write(closeFrame(1001, isServer))
    t.same(codes, [1001])
    const tracker = new FrameTracker(isServer)
    tracker.push(closeFrame(1001, isServer))
    t.ok(tracker.closed)
  }
  t.notSame(closeFrame(1001, true), closeFrame(1001, true), 'with a new key each time')
})
