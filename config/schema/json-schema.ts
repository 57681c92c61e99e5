import * as z from 'zod'
import type { FilterFactory } from '../../core/api/filter-factory.ts'
import type { Catalog } from '../../core/build/catalog.ts'
import { documentSchema, IGNORED } from './document-schema.ts'
import {
  allowReferences,
  drop,
  hoist,
  type JsonSchema,
  keep,
  mapValues,
  REFERENCE,
  ref,
  rewrite,
  type Schemas,
  tidy,
} from './schema-node.ts'
import { type OptionRef, SHORT_FORMS } from './short-forms.ts'

export type { JsonSchema } from './schema-node.ts'

const TARGET = 'draft-2020-12'

/** The end of the names of definitions that hold the options of a filter. */
export const OPTIONS = '-options'

/** Names of a filter's definitions: its options in a chain, and at an endpoint. */
const optionsName = (filter: string): string => filter + OPTIONS
const refinementName = (filter: string): string => `${filter}-refinement`

/**
 * JSON Schema of a configuration, made from the schemas that validate it: that of the document, and those of the filters
 * in a catalog. It allows filters that are not in the catalog, since plugins may add them. Checks of more than one value
 * are left to `weir validate`: names that must be unique, keys that exclude each other across filters, …
 */
export function jsonSchema(catalog: Catalog): JsonSchema {
  const defs: Record<string, JsonSchema> = { reference: REFERENCE }
  const prepare = (node: JsonSchema): JsonSchema => rewrite(node, (inner) => hoist(allowReferences(tidy(inner)), defs))
  const document = prepare(z.toJSONSchema(documentSchema, { io: 'input', target: TARGET }) as JsonSchema)
  const filters = catalog.entries().map(([factory]) => factory)
  for (const factory of filters) {
    const options = prepare(optionsOf(factory))
    defs[optionsName(factory.name)] = options
    if (hasRequired(options)) defs[refinementName(factory.name)] = withoutRequired(options)
  }
  Object.assign(defs, filterDefinitions(filters, defs))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:weir:configuration',
    title: 'Configuration of Weir',
    ...expandFlat(document, defs),
    patternProperties: { [IGNORED]: { description: 'Ignored: a place for anchors, and for other programs.' } },
    $defs: defs,
  }
}

/** The JSON Schema of a filter's options. Its inner references are changed to start at the document. */
function optionsOf({ name, summary, options }: FilterFactory): JsonSchema {
  const described = summary === undefined ? {} : { description: summary }
  if (options === undefined) return { ...described, type: 'object', additionalProperties: false }
  try {
    const { title, ...schema } = options['~standard'].jsonSchema.input({ target: TARGET }) as JsonSchema
    const rebased = rewrite(schema, (node) =>
      node.$ref === undefined ? node : { ...node, $ref: node.$ref.replace(/^#/, ref(optionsName(name)).$ref!) },
    )
    return { ...described, ...rebased }
  } catch {
    return { ...described, type: 'object' } // without a JSON Schema there is only less help
  }
}

/** A schema without required keys: an endpoint gives some options, and the chain the rest. */
function withoutRequired({ required, ...schema }: JsonSchema): JsonSchema {
  const parts = Object.entries({ anyOf: schema.anyOf, allOf: schema.allOf }).filter(([, list]) => list !== undefined)
  return { ...schema, ...Object.fromEntries(parts.map(([keyword, list]) => [keyword, list!.map(withoutRequired)])) }
}

const hasRequired = ({ required, anyOf, allOf }: JsonSchema): boolean =>
  required !== undefined || [...(anyOf ?? []), ...(allOf ?? [])].some(hasRequired)

/** The definitions for filters in a chain and at an endpoint, with the options of the known filters. */
function filterDefinitions(filters: readonly FilterFactory[], defs: Schemas): Schemas {
  const [name, entry, record] = defs.filter!.anyOf!
  const names = filters.map((filter) => ({ const: filter.name, ...describe(filter) }))
  const known = defs['name-of-a-filter']!
  return {
    'name-of-a-filter': { title: known.title!, anyOf: [...names, ...known.anyOf!] },
    filter: {
      title: 'filter',
      anyOf: [
        name!,
        { ...entry, allOf: filters.map(optionsIfNamed) },
        {
          ...byFilter(record!, filters, (filter) => ref(optionsName(filter))),
          not: { required: ['filter'] },
          minProperties: 1,
          maxProperties: 1,
        },
      ],
    },
    'options-by-filter': byFilter(defs['options-by-filter']!, filters, (filter) =>
      ref(Object.hasOwn(defs, refinementName(filter)) ? refinementName(filter) : optionsName(filter)),
    ),
  }
}

const describe = ({ summary }: FilterFactory): JsonSchema => (summary === undefined ? {} : { description: summary })

function optionsIfNamed({ name }: FilterFactory): JsonSchema {
  return {
    if: { properties: { filter: { const: name } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: { options: { anyOf: [ref(optionsName(name)), { type: 'null' }] } } },
  }
}

/** A mapping from filters to options, with the schemas of the known filters. */
function byFilter(mapping: JsonSchema, filters: readonly FilterFactory[], options: (filter: string) => JsonSchema) {
  const { anyOf } = mapping.additionalProperties as JsonSchema
  const properties = filters.map((filter) => [
    filter.name,
    { ...describe(filter), anyOf: anyOf!.map((value) => (value.type === 'object' ? options(filter.name) : value)) },
  ])
  return { ...mapping, properties: Object.fromEntries(properties) }
}

/** Gives each flat key the schema of the option that it is short for. */
function expandFlat(document: JsonSchema, defs: Record<string, JsonSchema>): JsonSchema {
  const expand = (node: JsonSchema, flat: Readonly<Record<string, OptionRef>>): JsonSchema => ({
    ...node,
    properties: mapValues(node.properties!, (own, key) =>
      Object.hasOwn(flat, key) ? longForm(own, flat[key]!, defs) : own,
    ),
  })
  defs.endpoint = expand(defs.endpoint!, SHORT_FORMS.endpoint)
  return expand(document, SHORT_FORMS.document)
}

function longForm(own: JsonSchema, [filter, option]: OptionRef, defs: Schemas): JsonSchema {
  const name = optionsName(filter)
  const options = defs[name]
  const found = option === undefined ? options : options?.properties?.[option]
  if (found === undefined) return own
  const description = `${own.description} Short for ${option === undefined ? 'options' : `\`${option}\``} of ${filter}.`
  const value = option === undefined ? { anyOf: [ref(name), { type: 'null' }] } : drop(found, OF_KEY)
  return { ...value, ...keep(own, OF_KEY), description }
}

/** Keywords that come from the flat key itself. An empty list makes no sense there: the key is left out. */
const OF_KEY = ['description', 'default', 'minItems']
