// The reference of the admin API, made of the table of its operations.
import { type AnyOperation, TAGS } from '../../plugins/admin/api/api-operation.ts'
import { OPERATIONS } from '../../plugins/admin/api/api-table.ts'
import { openApi } from '../../plugins/admin/api/open-api.ts'

interface Schema {
  readonly $ref?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly default?: unknown
  readonly title?: string
}
interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly schema: Schema
}
interface Described {
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }
    >
  >
}
interface Document {
  readonly info: { readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const HEAD = `# Admin API

Written by \`npm run generate\` from the table of operations in \`plugins/admin/api/api-table.ts\`. The same table is the OpenAPI 3.1 document that
the [admin filter](../filters/admin.md) serves at \`/openapi.json\`, and the page at \`/docs\`.

`

const ROLES: Readonly<Record<AnyOperation['role'], string>> = {
  open: 'no role',
  viewer: 'role viewer or operator',
  operator: 'role operator',
}

/** The page as Markdown. */
export function adminApiPage(): string {
  const document = openApi(OPERATIONS, '0') as unknown as Document
  const groups = Object.entries(TAGS).map(([tag, about]) => {
    const own = OPERATIONS.filter((operation) => operation.tag === tag)
    return `## Group: ${tag}\n\n${about}.\n\n${own.map((operation) => section(operation, document)).join('\n')}`
  })
  const schemas = Object.entries(document.components.schemas).sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    `${HEAD}${document.info.description}\n`,
    ...groups,
    '## Schemas\n',
    ...schemas.map(([name, schema]) => `### ${name}\n\n${schemaText(schema)}`),
  ].join('\n')
}

function section(operation: AnyOperation, { paths }: Document): string {
  const { method, path, summary, about, role } = operation
  const described = paths[path.replace('{id}', '{name}')]![method.toLowerCase()]!
  const parameters = described.parameters.filter((one) => one.in !== 'path' || operation.params !== undefined)
  const rows = parameters.map(
    ({ name, in: where, description = '', required, schema }) =>
      `| \`${name}\` | ${where} | ${typeOf(schema)}${required === true ? ', required' : ''}${schema.default === undefined ? '' : `; default \`${schema.default}\``} | ${cell(description)} |\n`,
  )
  const bodies = Object.entries(described.requestBody?.content ?? {})
  const body =
    bodies.length === 0
      ? ''
      : `Body: ${bodies.map(([type]) => `\`${type}\``).join(', ')}; ${typeOf(bodies[0]![1].schema)}.\n\n`
  const responses = Object.entries(described.responses).map(
    ([status, { description, content = {} }]) =>
      `| ${status} | ${
        Object.values(content)
          .map(({ schema }) => typeOf(schema))
          .join(', ') || 'nothing'
      } | ${cell(description)} |\n`,
  )
  return `### ${method} ${path}

${summary}. ${about === undefined ? '' : `${about} `}(${ROLES[role]})

${rows.length === 0 ? '' : `| parameter | in | type | meaning |\n|---|---|---|---|\n${rows.join('')}\n`}${body}| status | body | when |\n|---|---|---|\n${responses.join('')}`
}

function schemaText(schema: Schema): string {
  const about = schema.description === undefined ? '' : `${schema.description}\n\n`
  const branches = schema.anyOf ?? schema.oneOf
  if (branches !== undefined && schema.properties === undefined)
    return `${about}One of these:\n\n${branches.map((branch) => table(branch)).join('\n')}`
  return schema.properties === undefined ? `${about}${typeOf(schema)}\n` : `${about}${table(schema)}`
}

const table = ({ properties = {}, required = [] }: Schema): string =>
  `| member | type | meaning |\n|---|---|---|\n${rowsOf(properties, required, '').join('')}`

const rowsOf = (properties: Readonly<Record<string, Schema>>, required: readonly string[], prefix: string): string[] =>
  Object.entries(properties).flatMap(([name, schema]) => {
    const inner = schema.items?.properties === undefined ? schema : schema.items
    const optional = required.includes(name) ? '' : ', optional'
    const row = `| \`${prefix}${name}\` | ${typeOf(schema)}${optional} | ${cell(schema.description ?? '')} |\n`
    const below =
      inner.properties === undefined
        ? []
        : rowsOf(inner.properties, inner.required ?? [], `${prefix}${name}${inner === schema ? '' : '[]'}.`)
    return [row, ...below]
  })

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1)!
    return `[${name}](#${name.toLowerCase()})`
  }
  if (schema.title !== undefined) return schema.title
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ')
  const branches = schema.anyOf ?? schema.oneOf
  if (branches !== undefined) return branches.map(typeOf).join(' or ')
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`
  return [schema.type ?? 'anything'].flat().join(' or ')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
