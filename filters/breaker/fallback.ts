import { type Exchange, type LocalReply, reply } from '../../core/index.ts'
import { defaultResponseReply } from './default-response.ts'
import type { Options } from './options.ts'
import { redirectLocation } from './redirect.ts'

/**
 * Makes the response of an open breaker.
 * @param retryAfter seconds until the next probe
 */
export type Fallback = (x: Exchange, retryAfter: number) => LocalReply

/** RFC 9209 §2.3.4: the gateway knows that the upstream can't be reached, and has not called it. */
const PROXY_STATUS = 'weir; error=destination_unavailable'

const refuse: Fallback = (_x, retryAfter) =>
  reply(503, 'breaker_open', {
    headers: { 'Retry-After': String(retryAfter), 'Proxy-Status': PROXY_STATUS },
    detail: 'The endpoint has failed too often; requests to it are suspended for a while.',
  })

/** The fallback of a strategy. That of `cached_response` applies if no stored response fits. */
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

/** Fields of every substitute. No cache may store it, because it holds for a while only (a 308 would be stored for good). */
function marks(status: number, retryAfter: number): Record<string, string> {
  return {
    'Cache-Control': 'no-store',
    // RFC 9110 §10.2.3: with 503 and redirects. An operator's 429 means the same.
    ...(status >= 500 || status === 429 || (status >= 300 && status < 400)
      ? { 'Retry-After': String(retryAfter) }
      : {}),
    ...(status >= 500 ? { 'Proxy-Status': PROXY_STATUS } : {}),
  }
}
