import { Body, HeaderList, LocalReply, type Logger, type Response } from '../../../core/index.ts'
import { accepts } from './accept.ts'
import type { AdminParts } from './admin-parts.ts'
import type { AnyOperation, Call, Content } from './api-operation.ts'
import { COMMON_FIELDS, problem } from './contents.ts'
import { demandsOf, isKnown, preconditionFailed, tagOf } from './entity-tags.ts'
import { readBody } from './operation-body.ts'
import { readQuery } from './operation-query.ts'
import { type PathMatch, PathTable } from './path-table.ts'
import { type RoleNames, refuseRole } from './roles.ts'

export interface ApiOptions {
  readonly roles: RoleNames
  readonly log: Logger
}

type Exchange = Call['x']

/** Serves a table of operations. */
export class AdminApi {
  readonly #parts: AdminParts
  readonly #options: ApiOptions
  readonly #table: PathTable
  /** Operations whose service this process does not have. */
  readonly #unavailable: ReadonlySet<AnyOperation>

  constructor(operations: readonly AnyOperation[], parts: AdminParts, options: ApiOptions) {
    this.#parts = parts
    this.#options = options
    this.#table = new PathTable(operations)
    this.#unavailable = new Set(operations.filter(({ uses }) => uses !== undefined && uses(parts) === undefined))
  }

  async serve(x: Exchange): Promise<Response | LocalReply> {
    const found = this.#find(x)
    if (found instanceof LocalReply) return found
    const { operation, match } = found
    const refusal = this.#refuse(x, operation)
    if (refusal !== undefined) return refusal
    const call = await this.#read(x, operation, match)
    if (call instanceof LocalReply) return call
    return operation.audited === undefined ? this.#respond(operation, call) : this.#audited(operation, call)
  }

  #find({ request }: Exchange): { operation: AnyOperation; match: PathMatch } | LocalReply {
    const match = this.#table.find(request.path)
    if (match === 'malformed') return problem(400, 'path_invalid', 'The path holds a % that encodes nothing.')
    if (match === 'no_such_id')
      return problem(
        404,
        'endpoint_not_found',
        'There is no such endpoint: names are letters, digits and . _ ~ - only.',
      )
    if (match === 'unknown') return problem(404, 'admin_not_found', 'There is no such page; "/" lists those there are.')
    const operation = match.operations.get(request.method === 'HEAD' ? 'GET' : request.method)
    if (operation !== undefined) return { operation, match }
    const allow = [...match.operations.keys()].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    return problem(405, 'method_not_allowed', `Allowed here: ${allow.join(', ')}.`, {
      headers: { Allow: allow.join(', ') },
    })
  }

  #refuse(x: Exchange, operation: AnyOperation): LocalReply | undefined {
    const refusal = refuseRole(x, operation.role, this.#options.roles)
    if (refusal !== undefined) return refusal
    if (this.#unavailable.has(operation))
      return problem(501, 'not_available', 'This process does not have the service that this needs.')
    if (operation.role === 'open') return undefined // probes and scrapers send what they like
    const types = Object.entries(operation.responses).map(([, spec]) => typeOf(spec))
    const accept = x.request.headers.joined('accept')
    if (types.some((type) => type === '' || accepts(accept, type))) return undefined
    return problem(406, 'not_acceptable', `The response is ${types.join(' or ')}.`)
  }

  /** Query, body and conditions of the request. */
  async #read(x: Exchange, operation: AnyOperation, { id, params }: PathMatch): Promise<Call | LocalReply> {
    const { request } = x
    const lenient = operation.role === 'open' && operation.query === undefined
    const query = lenient ? { value: {} } : readQuery(request.query, operation.query, operation.repeated)
    if ('faults' in query)
      return problem(400, 'query_invalid', 'The query is not what this operation takes.', {
        extra: { errors: query.faults },
      })
    let body: unknown
    if (operation.body !== undefined) {
      const read = await readBody(request, operation.body)
      if (read instanceof LocalReply) return read
      body = read.value
    }
    let only: Call['only'] = { ifVersion: undefined, exists: undefined }
    if (operation.conditional === 'change') {
      const demanded = await demandsOf(request.headers, () => this.#version())
      if (demanded instanceof LocalReply) return demanded
      only = demanded
    }
    const method = request.method === 'HEAD' ? 'GET' : request.method
    return { parts: this.#parts, x, method, id, params, query: query.value, body, only }
  }

  /** One line per change, whatever came of it; never what was sent, which may hold secrets. */
  async #audited(operation: AnyOperation, call: Call): Promise<Response | LocalReply> {
    const before = await this.#version()
    let outcome = 'failed'
    let status: number | undefined
    if (operation.audited === 'first') this.#audit(operation, call, { outcome: 'begun', version_before: before })
    try {
      const result = await this.#handle(operation, call)
      status = result.status
      outcome = result instanceof LocalReply ? result.reason : (result.outcome ?? 'done')
      return result instanceof LocalReply ? result : this.#rendered(call.x, result)
    } finally {
      const versions = { version_before: before, version_after: await this.#version() }
      this.#audit(operation, call, { outcome, status, ...versions })
    }
  }

  #audit(operation: AnyOperation, { x, id }: Call, fields: object): void {
    this.#options.log.info(
      {
        operation: operation.id,
        endpoint: id === '' ? undefined : id.slice(0, 200),
        ...fields,
        caller: x.identity?.subject,
        address: x.downstream.address,
        request_id: x.requestId,
      },
      'admin change',
    )
  }

  async #handle(operation: AnyOperation, call: Call): Promise<Content | LocalReply> {
    if (operation.conditional !== 'change' || call.only.exists === undefined || call.id === '')
      return operation.handle(call)
    const exists = (await this.#parts.endpoints.get(call.id)) !== undefined
    if (exists === call.only.exists) return operation.handle(call)
    return preconditionFailed(exists ? 'The endpoint is there already.' : 'There is no such endpoint.')
  }

  async #respond(operation: AnyOperation, call: Call): Promise<Response | LocalReply> {
    if (operation.conditional !== 'version') {
      const result = await operation.handle(call)
      return result instanceof LocalReply ? result : this.#rendered(call.x, result)
    }
    // Read before what is shown: a change in between must make the tag an old one, not the content.
    const version = await this.#version()
    const result = await operation.handle(call)
    if (result instanceof LocalReply || result.data === undefined || result.data instanceof Body)
      return result instanceof LocalReply ? result : this.#rendered(call.x, result)
    const etag = tagOf(version, result.data)
    if (isKnown(call.x.request.headers, etag)) return rendered({ status: 304, headers: { ETag: etag } })
    return this.#rendered(call.x, { ...result, headers: { ...result.headers, ETag: etag } })
  }

  /** A response to HEAD is that to GET without its body (RFC 9110 §9.3.2). */
  #rendered(x: Exchange, content: Content): Response {
    const response = rendered(content)
    if (x.request.method === 'HEAD') response.body.discard()
    return response
  }

  async #version(): Promise<string> {
    return (await this.#parts.config.status()).version
  }
}

/** Media type of a response; empty if it has no body. */
export const typeOf = ({ type, schema }: AnyOperation['responses'][number]): string =>
  type ?? (schema === undefined ? 'text/plain' : 'application/json')

function rendered({ status, type, data, headers = {} }: Content): Response {
  const body = data instanceof Body ? data : Body.of(data ?? '')
  const fields = HeaderList.of({
    ...(type === undefined ? {} : { 'Content-Type': type }),
    ...COMMON_FIELDS,
    ...headers,
  })
  if (status !== 204 && status !== 304 && body.length !== undefined) fields.set('Content-Length', String(body.length))
  return { status, statusText: undefined, headers: fields, body }
}
