import {
  AUTHENTICATION,
  defineFilter,
  defineSlot,
  type Exchange,
  type HeaderList,
  type Request,
  RouteSlot,
} from '../../core/index.ts'
import { AllowedOrigins } from './allowed-origins.ts'
import { options } from './options.ts'
import { isPreflight, originDenied, PreflightReplies } from './preflight.ts'
import { ResponseFields } from './response-fields.ts'

/** The `Origin` as it came: a filter between this one and the proxy may remove it for the upstream. */
const OriginSlot = defineSlot<string>('cors.origin')

/** RFC 9110 §9.2.1. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * Cross-Origin Resource Sharing (Fetch §3.3): tells browsers which pages of other origins may send requests and read responses.
 *
 * It has no `request` hook: nothing may be decided before the route is known, because the endpoint may have other options, or
 * none (a filter whose `request` has run would still finish where an endpoint has it off).
 *
 * - `routed` runs on the endpoint's instance, in the order of the chain, so before `auth` and `method-check` check anything if it
 *   stands before them. It replies to preflights.
 * - A request without a route (404, 405) never comes to `routed`, but back through `response`, on the chain's instance. A preflight gets
 *   its reply there: the browser then sends the request itself, and its page can read the 404.
 * - `response` writes the fields into every other response, those of the upstream and the replies of other filters.
 */
export const cors = defineFilter({
  name: 'cors',
  apiVersion: 1,
  summary: 'Lets pages of other origins use the gateway (CORS), and replies to preflights.',
  prompt: true,
  options,
  offline: true,
  advises: [
    {
      before: { enforces: AUTHENTICATION },
      why: 'browsers send preflights without credentials, and {other} refuses them',
    },
    { before: { filter: 'method-check' }, why: 'a preflight is an OPTIONS request, and {other} replies to it' },
    { before: { writes: RouteSlot }, why: 'pages of other origins could not read what {other} replies, such as 404' },
  ],
  create(options) {
    const { credentials, enforce_origin: enforce } = options
    const origins = new AllowedOrigins(options.origins)
    const preflights = new PreflightReplies(options, origins)
    const fields = new ResponseFields(options, origins)
    const denied = originDenied()

    return {
      routed(x) {
        const { request } = x
        const origin = originOf(request.headers)
        x.set(OriginSlot, origin)
        if (origin === '') return
        if (isPreflight(request, origin)) return preflights.replyTo(origin, request.headers)
        if (enforce && changesState(request) && !origins.allows(origin) && !isOwn(origin, x)) return denied
      },
      response(x) {
        const { request, response } = x
        const origin = x.get(OriginSlot) ?? originOf(request.headers)
        if (isPreflight(request, origin))
          return x.route === undefined ? preflights.replyTo(origin, request.headers) : undefined
        // Browsers open a WebSocket whatever its handshake says of CORS.
        if (response.upgrade === undefined) fields.write(response.headers, origin)
      },
      *explain({ request, route }) {
        const origin = originOf(request.headers)
        yield `allows ${options.origins.map(({ text }) => text).join(', ')}${credentials ? ', with credentials' : ''}`
        if (origin === '') yield 'the request has no Origin'
        else if (origins.allows(origin)) yield `the origin ${origin} is allowed`
        else yield `the origin ${origin} is not allowed: browsers keep the response from its page`
        if (isPreflight(request, origin) && route === undefined)
          yield 'replies to the preflight although no endpoint is found, so that the page can read the error itself'
      },
    }
  },
})

/** Empty if there is none. A repeated field becomes a list, which is no origin and so never allowed by name. */
function originOf(headers: HeaderList): string {
  return headers.has('origin') ? headers.joined('origin')! : ''
}

function changesState({ method, upgrade }: Request): boolean {
  return upgrade !== undefined || !SAFE.has(method)
}

/** Whether the page comes from the gateway itself. Browsers send `Origin` there too, except with GET and HEAD. */
function isOwn(origin: string, { request: { headers }, downstream: { scheme, publicHost } }: Exchange): boolean {
  // No page can set or remove it (Fetch §2.2.2): it holds where the gateway does not know its public scheme.
  if (headers.get('sec-fetch-site') === 'same-origin') return true
  return origin === URL.parse(`${scheme}://${publicHost}`)?.origin
}
