import { crc32 } from 'node:zlib'

/** Records that were written at one time, with the wall clock of then, in milliseconds since the Unix epoch. */
export interface LogFrame<R> {
  readonly sequence: number
  readonly at: number
  readonly records: readonly R[]
}

/** Every frame begins so; the number is the version of the form. */
const MARK = 'W1 '
const HEAD = /^W1 (\d{1,15}) (\d{1,9}) ([0-9a-f]{8}) /
const LONGEST_HEAD = 40
const LINE_BREAK = 0x0a

/** A frame as a line: mark, sequence, length and checksum of what follows, then JSON. */
export function frameBytes<R>({ sequence, at, records }: LogFrame<R>): Buffer {
  const body = Buffer.from(JSON.stringify({ at, records }))
  const check = crc32(body, sequence % 2 ** 32)
    .toString(16)
    .padStart(8, '0')
  return Buffer.concat([Buffer.from(`${MARK}${sequence} ${body.length} ${check} `), body, Buffer.from('\n')])
}

/** The frame that begins there, and where it ends; undefined if none does that is whole. */
export function frameAt<R>(
  bytes: Buffer,
  start: number,
): { readonly frame: LogFrame<R>; readonly end: number } | undefined {
  const head = HEAD.exec(bytes.toString('latin1', start, start + LONGEST_HEAD))
  if (head === null) return undefined
  const [all, sequence, length, check] = head
  const from = start + all.length
  const to = from + Number(length)
  // Unsigned, and begun with the sequence: a frame at another place does not pass for this one.
  if (
    bytes[to] !== LINE_BREAK ||
    crc32(bytes.subarray(from, to), Number(sequence) % 2 ** 32) !== Number.parseInt(check!, 16)
  )
    return undefined
  try {
    const { at, records } = JSON.parse(bytes.toString('utf8', from, to)) as LogFrame<R>
    return { frame: { sequence: Number(sequence), at, records }, end: to + 1 }
  } catch {
    return undefined
  }
}

/** Where the next whole frame after that position begins that is later than `sequence`; undefined if there is none. */
export function laterFrame(bytes: Buffer, position: number, sequence: number): number | undefined {
  for (let at = bytes.indexOf(MARK, position + 1); at !== -1; at = bytes.indexOf(MARK, at + 1)) {
    const found = frameAt(bytes, at)
    if (found !== undefined && found.frame.sequence > sequence) return at
  }
  return undefined
}
