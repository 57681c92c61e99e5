import {
  type Exchange,
  type Filter,
  type LocalReply,
  type Logger,
  reply,
  startTimer,
  type TokenIssuer,
  type TokenOperation,
  type TokenReply,
  type TokenRequest,
  type Verdict,
  WeirError,
} from '../../core/index.ts'
import type { TokenPaths } from './token-paths.ts'

/** Largest body of a request; bytes. */
const MOST_BODY = 16 * 1024
/** How long the issuer may take; milliseconds. */
const ISSUER_MS = 5000
/** Requests of this process that the issuer has not replied to. */
const MOST_WAITING = 1000

const NO_STORE = { 'Cache-Control': 'no-store' }
const POST = new Set(['POST'])
const GET = new Set(['GET', 'HEAD'])
const TYPES = /^(?:application\/x-www-form-urlencoded|application\/json)[\t ]*(?:;|$)/i

const refusal = (status: number, reason: string, detail: string, headers: Readonly<Record<string, string>> = {}) =>
  reply(status, reason, { detail, headers: { ...NO_STORE, ...headers } })

const UNKNOWN = refusal(404, 'token_endpoint_unknown', 'There is nothing here: tokens are served beside this path.')
const CROSS_SITE = refusal(403, 'cross_site', 'Pages of other sites can get no tokens here.')
const REPEATED = refusal(400, 'field_repeated', 'Authorization and Content-Type may be there once.')
const ENCODED = refusal(415, 'coding_unsupported', 'The body must not be compressed.', {
  'Accept-Encoding': 'identity',
})
const WRONG_TYPE = refusal(
  415,
  'media_type_unsupported',
  'The body must be application/x-www-form-urlencoded or application/json.',
  { Accept: 'application/x-www-form-urlencoded, application/json' },
)
const TOO_LARGE = refusal(413, 'request_body_too_large', `The body is larger than ${MOST_BODY / 1024} KiB.`)
const UNAVAILABLE = refusal(503, 'token_issuer_unavailable', 'Tokens can not be issued at the moment.', {
  'Retry-After': '1',
})
const NOT_ALLOWED = { POST: notAllowed('POST'), GET: notAllowed('GET, HEAD') }

function notAllowed(allow: string): LocalReply {
  return refusal(405, 'method_not_allowed', `Allowed methods: ${allow}.`, { Allow: allow })
}

/** Serves the gateway's own tokens: hands requests below their paths to the issuer. All others pass. */
export class TokenFilter implements Filter {
  readonly #paths: TokenPaths
  readonly #issuer: TokenIssuer | undefined
  readonly #log: Logger
  #waiting = 0

  /** @param issuer undefined: this process knows none */
  constructor(paths: TokenPaths, issuer: TokenIssuer | undefined, log: Logger) {
    this.#paths = paths
    this.#issuer = issuer
    this.#log = log
  }

  // In `request`: `auth` refuses in `routed`, and would refuse who comes for a token, or with a password that it does not know.
  request(x: Exchange): Verdict | Promise<Verdict> {
    const operation = this.#paths.find(x.request.path)
    if (operation === undefined) return undefined
    return operation === 'unknown' ? UNKNOWN : this.#serve(x, operation)
  }

  *explain({ request }: Exchange): Iterable<string> {
    const operation = this.#paths.find(request.path)
    if (operation === 'unknown') yield 'replies 404 itself: below the prefix of tokens, and none of their paths'
    else if (operation !== undefined) yield `replies itself (${operation}): no filter behind it sees the request`
  }

  async #serve(x: Exchange, operation: TokenOperation): Promise<LocalReply> {
    const { request } = x
    const { method, headers } = request
    const reads = operation === 'user' || operation === 'jwks' || operation === 'metadata'
    if (!(reads ? GET : POST).has(method)) return reads ? NOT_ALLOWED.GET : NOT_ALLOWED.POST
    if (headers.all('authorization').length > 1 || headers.all('content-type').length > 1) return REPEATED
    const contentType = headers.get('content-type')
    let body: Uint8Array = new Uint8Array()
    if (!reads) {
      // W3C Fetch Metadata §2: no page can set or remove it.
      const site = headers.joined('sec-fetch-site') ?? 'none'
      if (site !== 'none' && site !== 'same-origin') return CROSS_SITE
      if (headers.has('content-encoding')) return ENCODED
      if (contentType === undefined ? !request.body.empty : !TYPES.test(contentType)) return WRONG_TYPE
      const bytes = await bodyOf(x)
      if (bytes === undefined) return TOO_LARGE
      body = bytes
    }
    return this.#ask({
      operation,
      method,
      query: request.sentQuery !== '',
      contentType,
      authorization: headers.get('authorization'),
      body,
      address: x.downstream.address,
      requestId: x.requestId ?? '',
      // Keys that `auth` has verified may be limited to endpoints: they are exchanged for nothing here.
      apiKey: undefined,
    })
  }

  async #ask(request: TokenRequest): Promise<LocalReply> {
    if (this.#issuer === undefined || this.#waiting >= MOST_WAITING) return UNAVAILABLE
    this.#waiting++
    // It counts until the issuer is done, however late that is.
    const asked = this.#issuer.respond(request).finally(() => {
      this.#waiting--
    })
    const late = Promise.withResolvers<undefined>()
    const timer = startTimer(ISSUER_MS, () => late.resolve(undefined))
    try {
      const answer = await Promise.race([asked, late.promise])
      if (answer !== undefined) return replyOf(answer, request.operation)
      this.#log.error(
        { operation: request.operation },
        `the issuer of tokens has not replied for ${ISSUER_MS / 1000} s`,
      )
    } catch (error) {
      this.#log.error({ operation: request.operation, err: error }, 'the issuer of tokens has failed')
    } finally {
      timer.cancel()
    }
    return UNAVAILABLE
  }
}

/** Undefined: it is too large. */
async function bodyOf({ request: { body } }: Exchange): Promise<Uint8Array | undefined> {
  try {
    return await body.buffer(MOST_BODY)
  } catch (error) {
    if (error instanceof WeirError && error.code === 'request_body_too_large') return undefined
    throw error
  }
}

function replyOf({ status, reason, headers, body }: TokenReply, operation: TokenOperation): LocalReply {
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  const waits = (status === 503 || status === 429) && !names.has('retry-after')
  return reply(status, reason ?? `tokens_${operation}`, {
    headers: {
      ...(names.has('cache-control') ? {} : NO_STORE),
      ...(waits ? { 'Retry-After': '1' } : {}),
      ...headers,
    },
    body,
  })
}
