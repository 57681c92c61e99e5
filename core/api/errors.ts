/** Whose fault an error is: the client's, the upstream's, or the gateway's own (a filter, the engine, its configuration). */
export type ErrorSource = 'downstream' | 'upstream' | 'gateway'

/** What follows from an error code. */
export interface ErrorEntry {
  readonly source: ErrorSource
  /** Status of the reply (RFC 9110 §15). */
  readonly status: number
  /** One sentence without its full stop; clients see it as `detail` of the problem document. */
  readonly title: string
  /** Proxy error type of `Proxy-Status` (RFC 9209 §2.3). */
  readonly proxyStatus: string
  /** Whether another attempt can do no harm, because nothing of the request reached the upstream. */
  readonly retryable: boolean
}

const downstream = (status: number, title: string): ErrorEntry => ({
  source: 'downstream',
  status,
  title,
  proxyStatus: 'http_request_error',
  retryable: false,
})

const upstream = (status: number, title: string, proxyStatus: string, retryable = false): ErrorEntry => ({
  source: 'upstream',
  status,
  title,
  proxyStatus,
  retryable,
})

const gateway = (title: string, proxyStatus = 'proxy_internal_error'): ErrorEntry => ({
  source: 'gateway',
  status: 500,
  title,
  proxyStatus,
  retryable: false,
})

const RETRYABLE = true

/** The one table from error code to reply. A client sees the title and the code, never the message of the cause. */
export const ERRORS = {
  upstream_connect_failed: upstream(502, 'The upstream could not be reached', 'destination_unavailable', RETRYABLE),
  upstream_dns_failed: upstream(502, 'The name of the upstream could not be resolved', 'dns_error', RETRYABLE),
  upstream_connect_timeout: upstream(504, 'Connecting to the upstream took too long', 'connection_timeout', RETRYABLE),
  upstream_tls_failed: upstream(502, "The upstream's certificate could not be verified", 'tls_certificate_error'),
  upstream_tls_error: upstream(502, 'The TLS connection to the upstream failed', 'tls_protocol_error'),
  upstream_timeout: upstream(504, 'The upstream took too long to respond', 'http_response_timeout'),
  upstream_idle_timeout: upstream(504, 'The upstream stopped sending', 'connection_read_timeout'),
  upstream_reset: upstream(502, 'The upstream closed the connection', 'connection_terminated'),
  upstream_protocol_error: upstream(502, "The upstream's response is not valid HTTP", 'http_protocol_error'),
  upstream_body_too_large: upstream(502, "The upstream's response is too large", 'http_response_body_size'),

  host_invalid: downstream(400, 'The Host of the request is missing, repeated or invalid'),
  target_invalid: downstream(400, 'The target of the request is invalid'),
  framing_invalid: downstream(400, 'The request does not say where its body ends'),
  transfer_coding_unknown: downstream(501, 'The only supported transfer coding is chunked'),
  method_not_implemented: downstream(501, 'This gateway does not implement the method'),
  version_not_supported: downstream(505, 'The supported versions are HTTP/1.0 and HTTP/1.1'),
  expectation_unknown: downstream(417, 'The only supported expectation is 100-continue'),
  too_many_headers: downstream(431, 'The request has too many header fields'),
  field_name_refused: downstream(400, 'The name of a header field has an underscore, which this gateway refuses'),
  target_too_long: downstream(414, 'The target of the request is too long'),
  request_body_timeout: downstream(408, "The client stopped sending the request's body"),
  request_body_too_large: downstream(413, 'The request body is too large'),
  request_not_forwardable: downstream(400, 'The request cannot be forwarded'),
  client_gone: downstream(499, 'The client closed the connection'),
  client_stalled: downstream(499, 'The client stopped reading the response'),

  gateway_exhausted: {
    ...gateway('The gateway has run out of connections', 'connection_limit_reached'),
    status: 503,
  },
  filter_error: gateway('A filter failed'),
  filter_timeout: gateway('A filter took too long'),
  requirement_unmet: gateway('No filter satisfied a requirement of the endpoint', 'proxy_configuration_error'),
  internal_error: gateway('Internal error'),
} as const satisfies Record<string, ErrorEntry>

/** What went wrong, machine-readable: the `code` of problem documents, logs and traces. */
export type ErrorCode = keyof typeof ERRORS

/**
 * An error of the gateway, with everything that follows from its code: the only error class that a hook throws on purpose.
 * Its code decides the reply; `message` and `cause` are for the log alone. What else a hook throws is an error of that filter.
 *
 * ```ts
 * if (bytes > limit) throw new WeirError('request_body_too_large')
 * throw new WeirError('upstream_reset', 'the socket closed after the head', { cause: error })
 * ```
 */
export class WeirError extends Error {
  readonly code: ErrorCode
  /** Status of the reply. */
  readonly status: number
  /** What clients see as `detail`. */
  readonly title: string
  readonly source: ErrorSource
  /** Whether another attempt can do no harm, because nothing of the request reached the upstream. */
  readonly retryable: boolean

  /**
   * @param message for the log; default: the title of the code
   * @param options.retryable if it differs from what the code says
   */
  constructor(code: ErrorCode, message?: string, options?: { cause?: unknown; retryable?: boolean }) {
    const entry: ErrorEntry = ERRORS[code]
    super(message ?? entry.title, options?.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'WeirError'
    this.code = code
    this.status = entry.status
    this.title = entry.title
    this.source = entry.source
    this.retryable = options?.retryable ?? entry.retryable
  }
}
