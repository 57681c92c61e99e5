// As much of RFC 6455 §5.2 as small text messages need: one frame each, at most 125 bytes.

const TEXT = 0x81
const MASKED = 0x80

/** A message as a client sends it. */
export function maskedFrame(text: string, mask: Buffer): Buffer {
  const payload = Buffer.from(text)
  return Buffer.concat([
    Buffer.from([TEXT, MASKED | payload.length]),
    mask,
    payload.map((byte, i) => byte ^ mask[i % 4]!),
  ])
}

/** Turns the frames of a client into the same messages as a server sends them. */
export class EchoParser {
  #rest: Buffer = Buffer.alloc(0)

  take(chunk: Buffer): Buffer {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const echoes: Buffer[] = []
    let at = 0
    while (at + 2 <= data.length) {
      const length = data[at + 1]! & ~MASKED
      const end = at + 6 + length
      if (end > data.length) break
      const echo = Buffer.allocUnsafe(2 + length)
      echo[0] = data[at]!
      echo[1] = length
      for (let i = 0; i < length; i++) echo[2 + i] = data[at + 6 + i]! ^ data[at + 2 + (i & 3)]!
      echoes.push(echo)
      at = end
    }
    this.#rest = data.subarray(at)
    return echoes.length === 1 ? echoes[0]! : Buffer.concat(echoes)
  }
}
