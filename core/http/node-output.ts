import type { ServerResponse } from 'node:http'
import type { HeaderList } from '../api/header-list.ts'
import { addTrailers } from './head-writer.ts'
import type { ResponseOutput } from './response-output.ts'

/** Writes a response by Node's own writer, whose head is given to it already: to HTTP/1.0, and where an offer to switch was open. */
export class NodeOutput implements ResponseOutput {
  readonly #res: ServerResponse

  /** @param over called when the response has closed */
  constructor(res: ServerResponse, over: () => void) {
    this.#res = res
    res.once('close', over)
  }

  flushHead(): void {
    // Not flushHeaders: it would write the head as UTF-8.
    if (this.#res.writable) this.#res.write('', 'latin1')
  }

  write(chunk: Buffer): boolean {
    return this.#res.write(chunk)
  }

  onDrain(go: () => void): void {
    this.#res.once('drain', go)
  }

  end(chunk: Buffer | undefined, trailers: HeaderList | undefined): void {
    if (trailers !== undefined) addTrailers(this.#res, trailers)
    if (chunk === undefined) this.#res.end()
    else this.#res.end(chunk)
  }
}
