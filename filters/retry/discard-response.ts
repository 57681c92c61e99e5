import { type Body, type BodySource, startTimer } from '../../core/index.ts'

/** A failed response up to this long is read to its end, to keep its connection; that of a longer one is closed. */
const DRAIN_BYTES = 64 * 1024
/** Time for it to arrive. */
const DRAIN_MS = 100

/** Reads and drops the body of a response that is not sent on. Resolves when its attempt is over. */
export function discardResponse(body: Body, maxBytes = DRAIN_BYTES, maxMs = DRAIN_MS): Promise<void> {
  if (body.empty) return Promise.resolve()
  if ((body.length ?? 0) > maxBytes) {
    body.discard()
    return Promise.resolve()
  }
  return new Promise((resolve) => {
    let size = 0
    const end = (): void => {
      timer.cancel()
      resolve()
    }
    const drop = (): void => {
      end()
      source?.cancel()
    }
    const timer = startTimer(maxMs, drop)
    // Undefined during the call, while the bytes arrive that are there already.
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
    // Those may have been too many, when there was no source yet to cancel.
    if (size > maxBytes) source?.cancel()
  })
}
