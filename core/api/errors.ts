/** Who is to blame. */
export type ErrorSource = 'downstream' | 'upstream' | 'gateway'

interface Entry {
  readonly status: number
  readonly title: string
  readonly source: ErrorSource
  /** Whether the same attempt may succeed if tried again without harm (nothing reached the upstream's logic). */
  readonly retryable: boolean
  /** Proxy error type of `Proxy-Status` (RFC 9209 §2.3). */
  readonly proxyStatus: string
}

/**
 * The one table from error code to reply. Statuses: RFC 9110 §15. A client sees the title and the code, never the
 * message of the cause.
 */
export const ERRORS = {
  upstream_connect_failed: {
    status: 502,
    title: 'The upstream could not be reached',
    source: 'upstream',
    retryable: true,
    proxyStatus: 'destination_unavailable',
  },
  upstream_dns_failed: {
    status: 502,
    title: 'The name of the upstream could not be resolved',
    source: 'upstream',
    retryable: true,
    proxyStatus: 'dns_error',
  },
  upstream_connect_timeout: {
    status: 504,
    title: 'Connecting to the upstream took too long',
    source: 'upstream',
    retryable: true,
    proxyStatus: 'connection_timeout',
  },
  upstream_tls_failed: {
    status: 502,
    title: "The upstream's certificate could not be verified",
    source: 'upstream',
    retryable: false,
    proxyStatus: 'tls_certificate_error',
  },
  upstream_tls_error: {
    status: 502,
    title: 'No TLS connection to the upstream could be made',
    source: 'upstream',
    retryable: false,
    proxyStatus: 'tls_protocol_error',
  },
  upstream_timeout: {
    status: 504,
    title: 'The upstream took too long to answer',
    source: 'upstream',
    retryable: false,
    proxyStatus: 'http_response_timeout',
  },
  upstream_idle_timeout: {
    status: 504,
    title: 'The upstream stopped sending',
    source: 'upstream',
    retryable: false,
    proxyStatus: 'connection_read_timeout',
  },
  upstream_reset: {
    status: 502,
    title: 'The upstream closed the connection',
    source: 'upstream',
    retryable: false,
    proxyStatus: 'connection_terminated',
  },
  upstream_protocol_error: {
    status: 502,
    title: 'The upstream answered with something that is not HTTP',
    source: 'upstream',
    retryable: false,
    proxyStatus: 'http_protocol_error',
  },
  upstream_body_too_large: {
    status: 502,
    title: "The upstream's answer is too large",
    source: 'upstream',
    retryable: false,
    proxyStatus: 'http_response_body_size',
  },
  host_invalid: {
    status: 400,
    title: 'The Host of the request is missing, repeated or invalid',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  target_invalid: {
    status: 400,
    title: 'The target of the request is invalid',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  framing_invalid: {
    status: 400,
    title: 'The request does not say where its body ends',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  transfer_coding_unknown: {
    status: 501,
    title: 'No transfer coding but chunked is understood',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  method_not_implemented: {
    status: 501,
    title: 'This gateway does not implement the method',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  version_not_supported: {
    status: 505,
    title: 'Only HTTP/1.0 and HTTP/1.1 are spoken here',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  expectation_unknown: {
    status: 417,
    title: 'No expectation but 100-continue is understood',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  too_many_headers: {
    status: 431,
    title: 'The request has too many header fields',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  target_too_long: {
    status: 414,
    title: 'The target of the request is too long',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  request_body_timeout: {
    status: 408,
    title: "The client stopped sending the request's body",
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  request_body_too_large: {
    status: 413,
    title: 'The request body is too large',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  request_not_forwardable: {
    status: 400,
    title: 'The request cannot be forwarded',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  client_gone: {
    status: 499,
    title: 'The client closed the connection',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  client_stalled: {
    status: 499,
    title: 'The client stopped reading the answer',
    source: 'downstream',
    retryable: false,
    proxyStatus: 'http_request_error',
  },
  filter_error: {
    status: 500,
    title: 'A filter failed',
    source: 'gateway',
    retryable: false,
    proxyStatus: 'proxy_internal_error',
  },
  filter_timeout: {
    status: 500,
    title: 'A filter took too long',
    source: 'gateway',
    retryable: false,
    proxyStatus: 'proxy_internal_error',
  },
  requirement_unmet: {
    status: 500,
    title: 'The endpoint requires something that no filter guaranteed',
    source: 'gateway',
    retryable: false,
    proxyStatus: 'proxy_configuration_error',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    source: 'gateway',
    retryable: false,
    proxyStatus: 'proxy_internal_error',
  },
} as const satisfies Record<string, Entry>

export type ErrorCode = keyof typeof ERRORS

/** The gateway's only error class. Its code decides the reply; `cause` and `message` are for the log. */
export class WeirError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly title: string
  readonly source: ErrorSource
  readonly retryable: boolean

  constructor(code: ErrorCode, message?: string, options?: { cause?: unknown; retryable?: boolean }) {
    const entry: Entry = ERRORS[code]
    super(message ?? entry.title, options?.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'WeirError'
    this.code = code
    this.status = entry.status
    this.title = entry.title
    this.source = entry.source
    this.retryable = options?.retryable ?? entry.retryable
  }
}
