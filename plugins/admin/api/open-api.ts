import * as z from 'zod'
import { typeOf } from './admin-api.ts'
import { type AnyOperation, TAGS } from './api-operation.ts'
import { problemDocument } from './api-schemas.ts'
import { gatewayEvent } from './event-operations.ts'
import { writtenOut } from './path-table.ts'
import { problemsOf } from './problem-statuses.ts'

type Json = Readonly<Record<string, unknown>>

/** An OpenAPI 3.1 document of a table of operations. */
export function openApi(operations: readonly AnyOperation[], version: string): Json {
  const schemas = new Schemas(operations)
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations)
    for (const [i, path] of writtenOut(operation.path).entries()) {
      paths[path] ??= {}
      paths[path][operation.method.toLowerCase()] = describe(operation, path, i === 0 ? '' : 'Versioned', schemas)
    }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Weir admin API',
      version,
      description: INTRODUCTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: schemas.components },
  }
}

const INTRODUCTION =
  'Errors are problem documents (RFC 9457) with a `code`. Lists come in pages: `limit`, `cursor`, and `Link` with `rel="next"`. What belongs to the configuration has an `ETag`, which `If-Match` of a change takes: 412 if the configuration has changed since. An endpoint has the path `name`, or `version/name`; where a segment behind it means something else, as `status` does, a name of that kind is percent-encoded (`%73tatus`).'

function describe(operation: AnyOperation, path: string, suffix: string, schemas: Schemas): Json {
  const { id, tag, summary, about, role, body } = operation
  return {
    operationId: `${id}${suffix}`,
    tags: [tag],
    summary,
    ...(about === undefined ? {} : { description: about }),
    'x-role': role,
    parameters: parametersOf(operation, path, schemas),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.required ?? true,
            content: Object.fromEntries(
              body.types.map((type) => [type, { schema: schemas.input(body.schema) ?? { type: 'string' } }]),
            ),
          },
        }),
    responses: responsesOf(operation, schemas),
  }
}

const ABOUT_ID: Json = {
  name: 'Name of the endpoint.',
  version: 'Version of the endpoint.',
}

function parametersOf({ params, query, conditional, tag, id }: AnyOperation, path: string, schemas: Schemas): Json[] {
  const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({
    name,
    in: 'path',
    required: true,
    description: params?.[name!] ?? ABOUT_ID[name!],
    schema: { type: 'string' },
  }))
  const { properties = {}, required = [] } = (schemas.input(query) ?? {}) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }))
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  })
  const fields = [
    ...(conditional === 'version' ? [header('If-None-Match', 'Entity tags that the client has: then 304.')] : []),
    ...(conditional === 'change'
      ? [header('If-Match', 'Entity tag of what was read: 412 if it has changed since.')]
      : []),
    ...(id === 'putEndpoint' ? [header('If-None-Match', '`*`: 412 if there is such an endpoint.')] : []),
    ...(tag === 'events' ? [header('Last-Event-ID', 'Id of the last event that the client has.')] : []),
  ]
  return [...inPath, ...inQuery, ...fields]
}

function responsesOf(operation: AnyOperation, schemas: Schemas): Json {
  const problem = schemas.output(problemDocument)
  const entries = Object.entries(operation.responses).map(([status, spec]) => {
    const type = typeOf(spec)
    const schema = schemas.output(spec.schema) ?? (type === '*/*' ? {} : { type: 'string' })
    const content = type === '' ? {} : { content: { [type]: { schema } } }
    return [status, { description: spec.about, ...headersOf(operation, Number(status)), ...content }] as const
  })
  const problems = Object.entries(problemsOf(operation)).map(([status, about]) => {
    const own = operation.responses[Number(status)]
    const content = { 'application/problem+json': { schema: problem } }
    if (own === undefined) return [status, { description: about, content }] as const
    // One status with two kinds of responses.
    const before = Object.fromEntries(entries)[status] as { content?: Json }
    return [
      status,
      { ...before, description: `${own.about} ${about}`, content: { ...before.content, ...content } },
    ] as const
  })
  const known = operation.conditional === 'version' ? { 304: { description: 'The client has it already.' } } : {}
  return { ...Object.fromEntries(entries), ...known, ...Object.fromEntries(problems) }
}

function headersOf({ conditional, id, query }: AnyOperation, status: number): Json {
  const header = (description: string) => ({ description, schema: { type: 'string' } })
  const headers = {
    ...(conditional === 'version'
      ? { ETag: header('Version of the configuration, and a digest of this response.') }
      : {}),
    ...(conditional === 'change' && id !== 'removeEndpoint'
      ? { Location: header('Path of an endpoint that is new, or has another id.') }
      : {}),
    ...(query instanceof z.ZodObject && 'cursor' in query.shape
      ? { Link: header('`rel="next"`: the next page.') }
      : {}),
  }
  return status < 300 && Object.keys(headers).length > 0 ? { headers } : {}
}

/** The JSON Schemas of all operations. Those that have an id are components. */
class Schemas {
  readonly components: Readonly<Record<string, unknown>>
  readonly #inputs = new Map<z.ZodType, Json>()
  readonly #outputs = new Map<z.ZodType, Json>()

  constructor(operations: readonly AnyOperation[]) {
    const inputs = operations.flatMap(({ query, body }) => [query, body?.schema])
    const outputs = operations.flatMap(({ responses }) => Object.values(responses).map(({ schema }) => schema))
    this.components = {
      ...collect(inputs, 'input', this.#inputs),
      ...collect([...outputs, problemDocument, gatewayEvent], 'output', this.#outputs),
    }
  }

  input(schema: z.ZodType | undefined): Json | undefined {
    return schema && this.#inputs.get(schema)
  }

  output(schema: z.ZodType | undefined): Json | undefined {
    return schema && this.#outputs.get(schema)
  }
}

/** Converts schemas together, so that what they share is there once. @returns those with ids, by id */
function collect(
  schemas: readonly (z.ZodType | undefined)[],
  io: 'input' | 'output',
  into: Map<z.ZodType, Json>,
): Readonly<Record<string, unknown>> {
  const known = [...new Set(schemas.filter((schema) => schema !== undefined))]
  const all = z.object(Object.fromEntries(known.map((schema, i) => [`${i}`, schema])))
  const text = JSON.stringify(z.toJSONSchema(all, { io, target: 'draft-2020-12' }))
  const { properties, $defs = {} } = JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/')) as {
    properties: Record<string, Json>
    $defs?: Record<string, Json>
  }
  for (const [i, schema] of known.entries()) into.set(schema, properties[`${i}`]!)
  return Object.fromEntries(Object.entries($defs).map(([name, { id: _, ...schema }]) => [name, schema]))
}
