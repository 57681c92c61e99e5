const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'QUERY'])

/** The method, or `_OTHER` if it is not in OpenTelemetry's set of known ones (HTTP semantic conventions). */
export function methodLabel(method: string): string {
  return METHODS.has(method) ? method : '_OTHER'
}
