import type { Response } from '../api/reply.ts'

/** What of a response holds on to its source. */
export type ResponseContent = Pick<Response, 'body'> & { readonly upgrade: Response['upgrade'] | undefined }

/**
 * Frees a response that nobody reads: its source is cancelled, the socket of a tunnel closed. It may come from a hook, so it
 * may be anything.
 */
export function dropResponse(response: unknown, error?: Error): void {
  const { upgrade, body } = (response ?? {}) as Partial<ResponseContent>
  for (const free of [() => upgrade?.socket.destroy(), () => body?.discard(error)]) {
    try {
      free()
    } catch {
      // It was no response.
    }
  }
}
