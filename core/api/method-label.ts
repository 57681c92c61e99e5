const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'QUERY'])

/**
 * The method as a label of a metric: `_OTHER` if it is not in OpenTelemetry's list of known methods (HTTP semantic
 * conventions). Clients can send any token as a method, and must not be able to create label values.
 *
 * @example requests.add({ method: methodLabel(x.request.method) })
 */
export function methodLabel(method: string): string {
  return METHODS.has(method) ? method : '_OTHER'
}
