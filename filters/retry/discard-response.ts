import type { Body, BodySource } from '../../core/index.ts'

/** A failed answer up to this long is read to its end, for the sake of its connection; a longer one costs the connection. */
const DRAIN_BYTES = 64 * 1024
/** And it must come within this. */
const DRAIN_MS = 100

/** Reads and drops the body of an answer that nobody gets. Resolves when its attempt is over, in every sense. */
export function discardResponse(body: Body, maxBytes = DRAIN_BYTES, maxMs = DRAIN_MS): Promise<void> {
  if (body.empty) return Promise.resolve()
  if ((body.length ?? 0) > maxBytes) {
    body.discard()
    return Promise.resolve()
  }
  return new Promise((resolve) => {
    let size = 0
    let over = false
    const end = (): void => {
      over = true
      clearTimeout(timer)
      resolve()
    }
    const drop = (): void => {
      if (over) return
      end()
      source?.cancel()
    }
    const timer = setTimeout(drop, maxMs)
    // Undefined while what is there already comes, which is during the call.
    let source: BodySource | undefined
    source = body.pipe({
      write: (chunk) => {
        size += chunk.length
        if (size > maxBytes) drop()
        return true
      },
      end,
      fail: end,
    })
    // What was there already may have been too much before there was a source to tell.
    if (size > maxBytes) source?.cancel()
  })
}
