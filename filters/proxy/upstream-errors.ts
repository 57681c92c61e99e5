import { type ErrorCode, WeirError } from '../../core/index.ts'

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

/** Codes of names that have no address, or none that could be asked for (getaddrinfo's, and c-ares's). */
const DNS = /^(ENOTFOUND|ENODATA|EAI_[A-Z]+|ESERVFAIL|EREFUSED|ENONAME|EBADRESP|ETIMEOUT|ECANCELLED)$/

/** Codes of certificates that do not verify (openssl's names, and Node's). */
const CERTIFICATE =
  /^(ERR_TLS_CERT_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/

/** Codes of whatever else is wrong with TLS: plain text, no version or cipher in common, an alert. */
const TLS = /^(ERR_TLS_|ERR_SSL_|EPROTO$)/

/**
 * The gateway's error for one of undici's or Node's.
 * @param connected whether the request had been given a connection
 * @param answered whether the head of the answer had come
 */
export function failureOf(error: Error, connected: boolean, answered: boolean): WeirError {
  if (error instanceof WeirError) return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const options = { cause: error }
  if (CERTIFICATE.test(code)) return new WeirError('upstream_tls_failed', error.message, options)
  if (TLS.test(code)) return new WeirError('upstream_tls_error', error.message, options)
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined
  if (known === 'request_not_forwardable' || known === 'upstream_connect_timeout')
    return new WeirError(known, error.message, options)
  // undici's parser errors have a name, but not always a code. What ends too early was HTTP as far as it came.
  if (error.name === 'HTTPParserError' && !error.message.includes('Invalid EOF state'))
    return new WeirError('upstream_protocol_error', error.message, options)
  // undici says this of whatever its parser refuses once a length was given, and of a body that breaks off.
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' && !answered)
    return new WeirError('upstream_protocol_error', error.message, options)
  if (!connected && DNS.test(code)) return new WeirError('upstream_dns_failed', error.message, options)
  if (!connected) return new WeirError('upstream_connect_failed', error.message, options)
  if (error.message === 'bad response' || error.message === 'bad upgrade')
    return new WeirError('upstream_protocol_error', error.message, options)
  return new WeirError(known ?? 'upstream_reset', error.message, options)
}

/** True if the error is that of a connection which the other side closed. */
export const isClosed = (error: Error): boolean =>
  ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')
