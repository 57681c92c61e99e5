import type { HeaderList } from '../api/header-list.ts'

/** Where the bytes of one response go, once its head is known. */
export interface ResponseOutput {
  /** Sends the head, if it has not gone out with bytes of the body. */
  flushHead(): void
  /** @returns false if no more should come for now */
  write(chunk: Buffer): boolean
  /** Calls `go` once, when more may come. */
  onDrain(go: () => void): void
  /** @param chunk the last bytes, if there are any */
  end(chunk: Buffer | undefined, trailers: HeaderList | undefined): void
}
