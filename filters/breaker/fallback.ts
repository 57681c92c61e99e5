import { type Exchange, type LocalReply, reply } from '../../core/index.ts'
import { defaultResponseReply } from './default-response.ts'
import type { Options } from './options.ts'
import { redirectLocation } from './redirect.ts'

/**
 * Makes the answer of a breaker that refuses.
 * @param retryAfter seconds
 */
export type Fallback = (x: Exchange, retryAfter: number) => LocalReply

/** RFC 9209 §2.3.4: the gateway knows it can't be reached, and has not tried. */
const PROXY_STATUS = 'weir; error=destination_unavailable'

const refuse: Fallback = (_x, retryAfter) =>
  reply(503, 'breaker_open', {
    headers: { 'Retry-After': String(retryAfter), 'Proxy-Status': PROXY_STATUS },
    detail: 'The endpoint has failed too often and is being left alone for a while.',
  })

/** What answers at once; `cached_response` comes before it where there is one. */
export function fallbackOf({ fallback_strategy: strategy, default_response, redirect }: Options): Fallback {
  if (strategy === 'default_response')
    return (_x, retryAfter) => defaultResponseReply(default_response!, marks(default_response!.status, retryAfter))
  if (strategy !== 'redirect') return refuse
  const { url, status } = redirect!
  return ({ request: { path, query } }, retryAfter) =>
    reply(status, 'breaker_open', {
      headers: { Location: redirectLocation(url, path, query), ...marks(status, retryAfter) },
    })
}

/** What every substitute carries. It holds for a while only: no cache may keep it (a 308 would be kept for good). */
function marks(status: number, retryAfter: number): Record<string, string> {
  return {
    'Cache-Control': 'no-store',
    // RFC 9110 §10.2.3: with a 503 and with redirects. A 429 of the operator's means the same.
    ...(status >= 500 || status === 429 || (status >= 300 && status < 400)
      ? { 'Retry-After': String(retryAfter) }
      : {}),
    ...(status >= 500 ? { 'Proxy-Status': PROXY_STATUS } : {}),
  }
}
