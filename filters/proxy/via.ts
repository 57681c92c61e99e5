import { randomBytes } from 'node:crypto'
import { type Exchange, type FilterEnv, type LocalReply, reply } from '../../core/index.ts'

/**
 * Name of this gateway in the `Via` of the requests that it sends (RFC 9110 §7.6.3). No other gateway has it, so a request that
 * comes with it has been here before. It outlives reloads. Responses say `weir`: clients need not know one gateway from another.
 */
export const pseudonym = (env: FilterEnv): string =>
  env.share('pseudonym', { scope: 'factory', version: 1, make: () => `weir-${randomBytes(4).toString('hex')}` })

/** Refusal of a request that this gateway has sent itself, perhaps through others. */
export function loopReply({ request: { headers } }: Exchange, name: string): LocalReply | undefined {
  return headers.joined('via')?.includes(name) === true ? LOOP : undefined
}

// 508 is that of RFC 5842 §7.2, the type of error that of RFC 9209 §2.3.12.
const LOOP = reply(508, 'loop_detected', {
  detail: 'The request has passed through this gateway already: a target leads back to it.',
  headers: { 'proxy-status': 'weir; error=proxy_loop_detected' },
})
