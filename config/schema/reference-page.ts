import type { Catalog } from '../../core/build/catalog.ts'
import { type JsonSchema, jsonSchema, OPTIONS } from './json-schema.ts'
import { FILTERS_TEXT, INTRODUCTION, NOTES, SHORT_FORMS_TEXT } from './reference-text.ts'
import { items } from './schema-node.ts'

/** The JSON Schema of a configuration with the filters of a catalog, or the reference page in Markdown, as text. */
export function schemaText(catalog: Catalog, form: 'json' | 'markdown' = 'json'): string {
  const schema = jsonSchema(catalog)
  return form === 'markdown' ? markdown(schema) : `${JSON.stringify(schema, null, 2)}\n`
}

/** The reference page of every key and option in a schema made by `jsonSchema`. */
export function markdown(schema: JsonSchema): string {
  const reference = new Reference(schema)
  const keys = Object.keys(schema.properties ?? {})
  const tables = keys.flatMap((key) => reference.section(key) ?? [])
  const notes = keys.filter(
    (key) => reference.inner(schema.properties![key]!) === undefined && NOTES[key] !== undefined,
  )
  const filters = Object.keys(schema.$defs ?? {}).filter((name) => name.endsWith(OPTIONS))
  return [
    INTRODUCTION,
    reference.table(schema),
    ...tables,
    ...notes.map((key) => `## ${key}\n\n${NOTES[key]}\n`),
    SHORT_FORMS_TEXT,
    FILTERS_TEXT,
    ...filters.map((name) => reference.filter(name)),
  ].join('\n')
}

const HEAD = '| key | type | default | meaning |\n|---|---|---|---|\n'

class Reference {
  readonly #root: JsonSchema

  constructor(root: JsonSchema) {
    this.#root = root
  }

  /** The section of a top-level key that holds a mapping, or a list of them. */
  section(key: string): string | undefined {
    const inner = this.inner(this.#root.properties![key]!)
    if (inner === undefined) return undefined
    const note = NOTES[key] === undefined ? '' : `\n${NOTES[key]}\n`
    return `## ${key}\n\n${this.#root.properties![key]!.description ?? ''}\n\n${this.table(inner)}${note}`
  }

  filter(name: string): string {
    const options = this.#root.$defs![name]!
    const table = options.properties === undefined ? 'It takes no options.\n' : this.table(options)
    return `### Options of ${name.slice(0, -OPTIONS.length)}\n\n${options.description ?? ''}\n\n${table}`
  }

  table(node: JsonSchema): string {
    return HEAD + this.#rows(node, '').join('')
  }

  #rows({ properties = {}, required = [] }: JsonSchema, prefix: string): string[] {
    return Object.entries(properties).flatMap(([key, node]) => {
      // A key of the document has a section instead of more rows.
      const inner = this.#root.properties![key] === node ? undefined : this.#written(node)
      const value = required.includes(key) ? '*required*' : showDefault(node.default)
      const cells = [`\`${prefix}${key}\``, this.#type(node, key), value, node.description ?? '']
      const row = `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
      return [row, ...(inner === undefined ? [] : this.#rows(inner, `${prefix}${key}${list(node) ? '[]' : ''}.`))]
    })
  }

  /** The mapping with known keys that a value is, or is a list of, if it is written in place. */
  #written(node: JsonSchema): JsonSchema | undefined {
    if (node.properties !== undefined) return node
    const branches = [...(node.anyOf ?? []), ...items(node)]
    return branches.map((branch) => this.#written(branch)).find((found) => found !== undefined)
  }

  /** The same for a key of the document, where the items of a list may be a definition. */
  inner(node: JsonSchema): JsonSchema | undefined {
    const listed = [node, ...(node.anyOf ?? [])].flatMap(items)
    return this.#written(node) ?? listed.map((item) => this.#target(item)).find((item) => item.properties !== undefined)
  }

  #target(node: JsonSchema): JsonSchema {
    const name = node.$ref?.replace('#/$defs/', '')
    return name === undefined ? node : (this.#root.$defs?.[name] ?? node)
  }

  #type(node: JsonSchema, key: string): string {
    return [...new Set(this.#types(node, key))].join(' or ')
  }

  #types(node: JsonSchema, key: string): string[] {
    const { title } = this.#target(node)
    if (title === 'reference' || node.type === 'null') return []
    if (title !== undefined) return [link(title)]
    if (node.$ref !== undefined)
      return [`[options](#options-of-${node.$ref.replace('#/$defs/', '').slice(0, -OPTIONS.length)})`]
    if (node.enum !== undefined) return [codes(node.enum.filter((value) => value !== false))]
    if (node.examples !== undefined) return [codes(node.examples)]
    if (node.anyOf !== undefined) return node.anyOf.flatMap((branch) => this.#types(branch, key))
    if (node.items !== undefined) return [`list of ${this.#type(node.items, key)}`]
    if (node.properties !== undefined)
      return [Object.hasOwn(this.#root.properties!, key) ? `[section](#${key})` : 'mapping']
    return [KINDS[String(node.type)]?.(node) ?? String(node.type)]
  }
}

const range = ({ minimum, maximum }: JsonSchema): string =>
  minimum === undefined ? '' : maximum === undefined ? ` from ${minimum}` : `, ${minimum} to ${maximum}`

const KINDS: Readonly<Record<string, (node: JsonSchema) => string>> = {
  boolean: () => 'true or false',
  integer: (node) => `whole number${range(node)}`,
  number: (node) => `number${range(node)}`,
  string: () => 'text',
  object: () => 'mapping',
}

/** Sections that describe a kind of value. */
const SECTIONS: Readonly<Record<string, string>> = { filter: 'filters', endpoint: 'endpoints' }
const link = (title: string): string => (SECTIONS[title] === undefined ? title : `[${title}](#${SECTIONS[title]})`)

const list = (node: JsonSchema): boolean => [node, ...(node.anyOf ?? [])].some((branch) => branch.items !== undefined)
const codes = (values: readonly unknown[]): string => values.map((value) => `\`${String(value)}\``).join(', ')

/** A default as YAML has it; empty for a mapping, whose keys have their own defaults. */
function showDefault(value: unknown): string {
  if (value === undefined || (typeof value === 'object' && !Array.isArray(value))) return ''
  return Array.isArray(value) ? `\`[${value.map(showItem).join(', ')}]\`` : `\`${value === '' ? '""' : String(value)}\``
}

const showItem = (item: unknown): string =>
  typeof item !== 'object' || item === null
    ? String(item)
    : `{ ${Object.entries(item)
        .map(([key, value]) => `${key}: ${value}`)
        .join(', ')} }`
