import type { Attributes } from '@opentelemetry/api'
import {
  type Attempt,
  type Exchange,
  type FilterStep,
  type Finished,
  methodLabel,
  type Outcome,
} from '../../core/index.ts'
import { redactedUrl } from './redact.ts'

// Names and meaning: OpenTelemetry semantic conventions, HTTP spans (stable); `weir.` is Weir's own.

/** Longest attribute value made from what a client sent, in characters. */
const LIMIT = 1024

/** Attributes of a server span from its start. */
export function serverAttributes(x: Exchange): Attributes {
  const { request, downstream } = x
  const attributes = methodAttributes(request.method)
  attributes['url.path'] = request.path.slice(0, LIMIT)
  attributes['url.scheme'] = downstream.scheme
  attributes['client.address'] = downstream.address
  attributes['network.protocol.version'] = request.httpVersion
  addHost(attributes, downstream.publicHost, downstream.scheme)
  const agent = request.headers.get('user-agent')
  if (agent !== undefined) attributes['user_agent.original'] = agent.slice(0, LIMIT)
  return attributes
}

/** Adds the attributes of a server span at its end. */
export function addFinished(attributes: Attributes, x: Exchange, finished: Finished): void {
  attributes['weir.outcome'] = finished.outcome
  if (x.route !== undefined) {
    attributes['http.route'] = x.route.template
    attributes['weir.endpoint'] = x.route.endpoint.id
  }
  if (finished.status > 0) attributes['http.response.status_code'] = finished.status
  const local = x.response?.local
  if (local !== undefined) {
    attributes['weir.reply.filter'] = local.filter
    attributes['weir.reply.reason'] = local.reason
  }
  const type = serverError(x, finished)
  if (type !== undefined) attributes['error.type'] = type
}

/** `error.type` of a server span: undefined unless the gateway or the upstream failed, or the client left. */
function serverError(x: Exchange, finished: Finished): string | undefined {
  if (finished.outcome === 'aborted') return finished.error?.code ?? 'client_gone'
  if (finished.status < 500) return undefined
  return finished.error?.code ?? x.response?.local?.reason ?? String(finished.status)
}

/** Attributes of a client span from its start. */
export function attemptAttributes(x: Exchange, attempt: Attempt, secrets: ReadonlySet<string>): Attributes {
  const { request, route } = x
  const attributes = methodAttributes(request.method)
  const { target } = attempt
  if (target !== undefined) {
    const scheme = target.origin.startsWith('https:') ? 'https' : 'http'
    attributes['url.full'] = redactedUrl(target, route?.path ?? request.path, request.query, secrets)
    addHost(attributes, target.host, scheme)
  }
  if (attempt.number > 1) attributes['http.request.resend_count'] = attempt.number - 1
  return attributes
}

/** Adds the attributes of a client span at its end. A 4xx is an error of a client span, but not of a server span. */
export function addSettled(attributes: Attributes, outcome: Outcome): void {
  if (outcome.status !== undefined) attributes['http.response.status_code'] = outcome.status
  if (outcome.error !== undefined) attributes['error.type'] = outcome.error.code
  else if (outcome.status !== undefined && outcome.status >= 400) attributes['error.type'] = String(outcome.status)
  else if (outcome.result === 'failure') attributes['error.type'] = '_OTHER'
}

const CONTINUED: Attributes = Object.freeze({ 'weir.filter.verdict': 'continue' })

export function stepAttributes({ verdict, reason }: FilterStep): Attributes {
  if (verdict === 'continue' && reason === undefined) return CONTINUED
  const attributes: Attributes = {}
  if (verdict !== undefined) attributes['weir.filter.verdict'] = verdict
  if (reason !== undefined) attributes[verdict === 'error' ? 'error.type' : 'weir.reply.reason'] = reason
  return attributes
}

/** Span name of a request: its method, or `HTTP` for those outside the known set. */
export function methodName(method: string): string {
  const label = methodLabel(method)
  return label === '_OTHER' ? 'HTTP' : label
}

function methodAttributes(method: string): Attributes {
  const label = methodLabel(method)
  return label === method
    ? { 'http.request.method': method }
    : { 'http.request.method': label, 'http.request.method_original': method.slice(0, LIMIT) }
}

interface HostParts {
  readonly address: string
  /** Undefined: the scheme's default. */
  readonly port: number | undefined
}

/** Hosts are few, but clients choose them: so many are remembered. A look-up costs a third of the expression (measured). */
const HOSTS = 256
const hosts = new Map<string, HostParts>()

/** Adds `server.address` and `server.port` of `host[:port]`, with the scheme's default port. */
function addHost(attributes: Attributes, host: string, scheme: 'http' | 'https'): void {
  const { address, port = scheme === 'https' ? 443 : 80 } = hosts.get(host) ?? partsOf(host)
  if (address === '') return
  attributes['server.address'] = address
  attributes['server.port'] = port
}

function partsOf(host: string): HostParts {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(host)
  const address = (match?.[1] ?? match?.[2] ?? '').slice(0, LIMIT)
  const parts = { address, port: match?.[3] === undefined ? undefined : Number(match[3]) }
  if (hosts.size < HOSTS && host.length <= LIMIT) hosts.set(host, parts)
  return parts
}
