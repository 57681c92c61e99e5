import type { LocalReply } from '../../core/index.ts'

/** `status reason` of a reply, or what else a hook returned. */
export function verdict(returned: unknown): unknown {
  const { status, reason } = (returned ?? {}) as Partial<LocalReply>
  return reason === undefined ? returned : `${status} ${reason}`
}
