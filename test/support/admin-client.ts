import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Test } from 'tap'
import { type ConfiguredGateway, type GatewaySetup, startGateway } from '../../core/testing.ts'
import { type Answer, send } from './client.ts'

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>
  /** What is no text is sent as JSON. */
  readonly body?: unknown
}

/** Sends requests to the admin API and checks each response by the OpenAPI document that the API gives. */
export class AdminClient {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #document: OpenApi
  readonly #ajv: Ajv2020
  readonly #validators = new Map<string, ValidateFunction>()

  private constructor(url: string, headers: Readonly<Record<string, string>>, document: OpenApi) {
    this.#url = url
    this.#headers = headers
    this.#document = document
    this.#ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true })
    this.#ajv.addFormat('date-time', (text) => /^\d{4}-\d\d-\d\dT.+Z$/.test(text) && !Number.isNaN(Date.parse(text)))
    this.#ajv.addSchema(document, 'api')
  }

  static async to(url: string, headers: Readonly<Record<string, string>> = {}): Promise<AdminClient> {
    return new AdminClient(url, headers, (await send(`${url}/openapi.json`, { headers })).json() as unknown as OpenApi)
  }

  /** The same, with other fields in each request. */
  with(headers: Readonly<Record<string, string>>): AdminClient {
    return new AdminClient(this.#url, headers, this.#document)
  }

  /** @param what `GET /health` @throws Error if the response is not one that the document describes */
  async ask(what: string, { headers = {}, body }: Asked = {}): Promise<Answer> {
    const [method = '', target = ''] = what.split(' ')
    const json = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)
    const type = json ? { 'Content-Type': 'application/json' } : {}
    const text = json ? JSON.stringify(body) : (body as string | Buffer | undefined)
    const length = text === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(text)) }
    const answer = await send(`${this.#url}${target}`, {
      method,
      headers: { ...type, ...length, ...this.#headers, ...headers },
      ...(text === undefined ? {} : { body: text }),
    })
    this.check(method, target.replace(/\?.*/s, ''), answer)
    return answer
  }

  /** @throws Error if it is not a response that the document describes */
  check(method: string, path: string, answer: Answer): void {
    const fault = this.#faultOf(method, path, answer) ?? commonFault(answer)
    if (fault !== undefined)
      throw new Error(`${method} ${path} ${answer.status}: ${fault}\n${answer.body.slice(0, 2000)}`)
  }

  #faultOf(method: string, path: string, { status, headers, body }: Answer): string | undefined {
    const template = this.#templateOf(path)
    const operation =
      template === undefined
        ? undefined
        : this.#document.paths[template]?.[(method === 'HEAD' ? 'get' : method).toLowerCase()]
    const type = headers['content-type']?.split(';')[0]
    const unknown =
      operation === undefined || [405, 421].includes(status) || (status === 403 && body.includes('cross_site'))
    const own = unknown ? undefined : operation.responses[status]
    if (!unknown && own === undefined) return 'the document does not know the status'
    if (own !== undefined && own.content === undefined) return body === '' ? undefined : 'it has a body'
    const known = own?.content ?? { 'application/problem+json': {} }
    const found = [type, '*/*'].find((one) => one !== undefined && Object.hasOwn(known, one))
    if (found === undefined) return `the document does not know the type ${type}`
    if (method === 'HEAD' || !found.endsWith('json')) return undefined
    const place =
      own === undefined
        ? '/components/schemas/Problem'
        : pointer('paths', template!, method.toLowerCase(), 'responses', `${status}`, 'content', found, 'schema')
    const validate = this.#validator(place)
    const value: unknown = JSON.parse(body)
    if (validate(value)) return found === 'application/problem+json' ? problemFault(value, status) : undefined
    return this.#ajv.errorsText(validate.errors)
  }

  /** The template of the document that a path matches; of several the most literal. */
  #templateOf(path: string): string | undefined {
    return Object.keys(this.#document.paths)
      .filter((template) =>
        new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
      )
      .sort((a, b) => b.replaceAll(/\{\w+\}/g, '').length - a.replaceAll(/\{\w+\}/g, '').length)[0]
  }

  #validator(place: string): ValidateFunction {
    const known = this.#validators.get(place) ?? this.#ajv.compile({ $ref: `api#${place}` })
    this.#validators.set(place, known)
    return known
  }
}

const pointer = (...steps: string[]): string =>
  steps.map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')

const problemFault = (value: unknown, status: number): string | undefined =>
  (value as { status: number }).status === status ? undefined : 'the problem names another status'

/** What holds for every response of the API; 401 is that of another filter. */
function commonFault({ status, headers }: Answer): string | undefined {
  if (status === 401) return undefined
  if (headers['cache-control'] !== 'no-store') return 'it may be cached'
  if (headers['x-content-type-options'] !== 'nosniff') return 'browsers may guess its type'
  if ((status === 503 || status === 429) && headers['retry-after'] === undefined) return 'it lacks Retry-After'
  return undefined
}

/** A gateway with an admin listener, and a client for it. */
export async function startAdmin(
  t: Test,
  yaml = 'endpoints: []',
  setup: GatewaySetup = {},
): Promise<{ gateway: ConfiguredGateway; admin: AdminClient; url: string }> {
  const gateway = await startGateway(/^admin:/m.test(yaml) ? yaml : `admin: {}\n${yaml}`, setup)
  t.teardown(() => gateway.close())
  const url = gateway.adminUrl!
  return { gateway, admin: await AdminClient.to(url), url }
}
