import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** Where a line comes from: standard input, or a stream of a test. */
export type LineSource = AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean }

/**
 * The only line of a stream, without its line break. Of a terminal, the first one.
 * @param most bytes
 * @returns undefined if it is empty, or there are several lines, or too many bytes, or they are no UTF-8
 */
export async function lineFrom(stream: LineSource, most: number): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array)
    chunks.push(bytes)
    length += bytes.length
    // The end of the line is the end of what somebody types.
    if (length > most + 2 || (stream.isTTY === true && bytes.includes(0x0a))) break
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks))
    const line = text.replace(/\r?\n$/, '')
    return line === '' || line.includes('\n') || Buffer.byteLength(line) > most ? undefined : line
  } catch {
    return undefined
  }
}

/**
 * What somebody types at the terminal, which does not show it. Ctrl-C ends the process.
 * @param say shows a text, but not on standard output, which has the result alone
 */
export async function hiddenLine(
  stream: NodeJS.ReadableStream,
  question: string,
  say = (text: string): void => void process.stderr.write(text),
): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stream, output: silent, terminal: true })
  lines.on('SIGINT', () => {
    lines.close()
    say('\n')
    process.exit(130)
  })
  say(question)
  try {
    return await lines.question('')
  } finally {
    lines.close()
    say('\n')
  }
}
