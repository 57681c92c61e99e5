import { type ErrorCode, WeirError } from '../../core/index.ts'
import { shortageOf } from './shortages.ts'

const BY_CODE: Readonly<Record<string, ErrorCode>> = {
  UND_ERR_CONNECT_TIMEOUT: 'upstream_connect_timeout',
  UND_ERR_HEADERS_OVERFLOW: 'upstream_protocol_error',
  UND_ERR_INVALID_ARG: 'request_not_forwardable',
  UND_ERR_NOT_SUPPORTED: 'request_not_forwardable',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'request_not_forwardable',
  UND_ERR_SOCKET: 'upstream_reset',
  ECONNRESET: 'upstream_reset',
  EPIPE: 'upstream_reset',
}

/** Codes of names that do not resolve (those of getaddrinfo and c-ares). */
const DNS = /^(ENOTFOUND|ENODATA|EAI_[A-Z]+|ESERVFAIL|EREFUSED|ENONAME|EBADRESP|ETIMEOUT|ECANCELLED)$/

/** Codes of certificates that do not verify (those of OpenSSL and Node). */
const CERTIFICATE =
  /^(ERR_TLS_CERT_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/

/** Codes of other TLS errors: plain text, no common version or cipher, an alert. */
const TLS = /^(ERR_TLS_|ERR_SSL_|EPROTO$)/

/**
 * The gateway's error for an error of undici or Node.
 * @param connected whether the request had a connection
 * @param responded whether the response head had arrived
 */
export function failureOf(error: Error, connected: boolean, responded: boolean): WeirError {
  if (error instanceof WeirError) return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const options = { cause: error }
  if (shortageOf(error) !== undefined) return new WeirError('gateway_exhausted', error.message, options)
  if (CERTIFICATE.test(code)) return new WeirError('upstream_tls_failed', error.message, options)
  if (TLS.test(code)) return new WeirError('upstream_tls_error', error.message, options)
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined
  if (known === 'request_not_forwardable' || known === 'upstream_connect_timeout')
    return new WeirError(known, error.message, options)
  // undici's parser errors have a name, but not always a code. A message that ends too early is no protocol error.
  if (error.name === 'HTTPParserError' && !error.message.includes('Invalid EOF state'))
    return new WeirError('upstream_protocol_error', error.message, options)
  // undici reports this for any parser error after a Content-Length, and for a body that ends too early.
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' && !responded)
    return new WeirError('upstream_protocol_error', error.message, options)
  if (!connected && DNS.test(code)) return new WeirError('upstream_dns_failed', error.message, options)
  if (!connected) return new WeirError('upstream_connect_failed', error.message, options)
  if (error.message === 'bad response' || error.message === 'bad upgrade')
    return new WeirError('upstream_protocol_error', error.message, options)
  return new WeirError(known ?? 'upstream_reset', error.message, options)
}

/** Whether the error is that of a connection that the other side closed. */
export const isClosed = (error: Error): boolean =>
  ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')
