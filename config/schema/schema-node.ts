import { isDeepStrictEqual } from 'node:util'

/** A JSON Schema (draft 2020-12) with the keywords that are used here. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
  readonly $ref?: string
  readonly $defs?: Schemas
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Schemas
  readonly examples?: readonly unknown[]
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
}

export type Schemas = Readonly<Record<string, JsonSchema>>

/** Schemas of the items of a list. */
export const items = (node: JsonSchema): readonly JsonSchema[] => (node.items === undefined ? [] : [node.items])

type Change = (node: JsonSchema) => JsonSchema

/** Keywords that hold schemas of values. Conditions and names of keys are not among them. */
const HOLDS: Readonly<Record<string, 'schema' | 'list' | 'map'>> = {
  additionalProperties: 'schema',
  items: 'schema',
  allOf: 'list',
  anyOf: 'list',
  oneOf: 'list',
  prefixItems: 'list',
  $defs: 'map',
  patternProperties: 'map',
  properties: 'map',
}

const WALK: Readonly<Record<'schema' | 'list' | 'map', (value: never, change: Change) => unknown>> = {
  schema: (value: JsonSchema | boolean, change) => (typeof value === 'boolean' ? value : rewrite(value, change)),
  list: (value: readonly JsonSchema[], change) => value.map((node) => rewrite(node, change)),
  map: (value: Schemas, change) => mapValues(value, (node) => rewrite(node, change)),
}

export function mapValues<A, B>(map: Readonly<Record<string, A>>, change: (value: A, key: string) => B) {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]))
}

/** Changes every schema within a schema, and then the schema itself. */
export function rewrite(node: JsonSchema, change: Change): JsonSchema {
  return change(
    mapValues(node, (value, keyword) => {
      const kind = HOLDS[keyword]
      return kind === undefined ? value : WALK[kind](value as never, change)
    }),
  )
}

export const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` })

/** A reference to the environment, which may take the place of any single value. */
export const REFERENCE: JsonSchema = {
  title: 'reference',
  type: 'string',
  pattern: '\\$\\{',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: references look like this
  description: 'A reference to the environment: ${NAME}, ${NAME:-default} or ${NAME:?message}.',
}
const reference = ref('reference')

/** The node with only these keywords, or without them. */
export const keep = (node: JsonSchema, keywords: readonly string[]): JsonSchema =>
  Object.fromEntries(Object.entries(node).filter(([keyword]) => keywords.includes(keyword)))
export const drop = (node: JsonSchema, keywords: readonly string[]): JsonSchema =>
  Object.fromEntries(Object.entries(node).filter(([keyword]) => !keywords.includes(keyword)))

/** Keywords that describe a value and don't restrict it. */
const ANNOTATIONS = ['title', 'description', 'default', 'examples']
/** Keywords that belong to one key, not to the kind of value. */
const OF_KEY = ['description', 'default']
const RESTRICTS_TEXT = ['pattern', 'enum', 'const', 'anyOf', 'format', 'maxLength']

const isText = (node: JsonSchema): boolean =>
  node.type === 'string' && !RESTRICTS_TEXT.some((keyword) => Object.hasOwn(node, keyword))
const isScalar = (node: JsonSchema): boolean =>
  ['enum', 'const'].some((keyword) => Object.hasOwn(node, keyword)) ||
  (node.type !== undefined && !/object|array|null/.test(String(node.type)))
/** The alternatives of a node that has nothing else. */
const alternatives = (node: JsonSchema): readonly JsonSchema[] | undefined =>
  Object.keys(node).length === 1 ? node.anyOf : undefined

/** Allows a reference in place of every single value, except where any text is allowed anyway. */
export function allowReferences(node: JsonSchema): JsonSchema {
  const { oneOf, ...core } = drop(node, ANNOTATIONS)
  // A reference may take the place of the value that tells the alternatives apart.
  const plain = oneOf === undefined ? core : { ...core, anyOf: oneOf as readonly JsonSchema[] }
  const single = isScalar(plain) && !isText(plain) ? [plain, reference] : undefined
  const any = alternatives(plain)?.flatMap((branch) => alternatives(branch) ?? [branch]) ?? single
  if (any === undefined) return { ...keep(node, ANNOTATIONS), ...plain }
  const own = any.filter((branch) => branch.$ref !== reference.$ref)
  const refers = own.length < any.length && !own.some(isText)
  return { ...keep(node, ANNOTATIONS), anyOf: refers ? [...own, reference] : own }
}

/** Moves a node with a title to the definitions, unless another node has that title. */
export function hoist(node: JsonSchema, defs: Record<string, JsonSchema>): JsonSchema {
  if (node.title === undefined) return node
  const core = drop(node, OF_KEY)
  const name = node.title.replace(/[^A-Za-z0-9]+/g, '-').replace(/-$/, '')
  defs[name] ??= core
  return isDeepStrictEqual(defs[name], core) ? { ...keep(node, OF_KEY), ...ref(name) } : node
}

/** Removes what means nothing here: the limits of safe integers, and that keys are texts. */
export function tidy(node: JsonSchema): JsonSchema {
  const { minimum = 0, maximum = 0, propertyNames } = node
  return drop(node, [
    '$schema',
    '$id',
    ...(minimum === Number.MIN_SAFE_INTEGER ? ['minimum'] : []),
    ...(maximum === Number.MAX_SAFE_INTEGER ? ['maximum'] : []),
    ...(isDeepStrictEqual(propertyNames, { type: 'string' }) ? ['propertyNames'] : []),
  ])
}
