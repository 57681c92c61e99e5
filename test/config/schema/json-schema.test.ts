// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like this
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { parse as parseYaml } from 'yaml'
import * as z from 'zod'
import { DEFAULT_CONFIG } from '../../../config/commands/default-file.ts'
import { type JsonSchema, jsonSchema } from '../../../config/schema/json-schema.ts'
import { checkOptions } from '../../../core/build/option-check.ts'
import { defineFilter, type FilterFactory } from '../../../core/index.ts'
import { BUILT_IN } from '../../../core/main/built-in.ts'
import { GENERATED, root } from '../../support/generate.ts'
import { BROKEN, chain, ENV, ODD, refined } from '../documents.ts'
import { parse, problems } from '../support.ts'

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false, allErrors: true })
const schema = jsonSchema(BUILT_IN)
const validate = ajv.compile(schema)

/** What the validator says of a text that no reference is replaced in: what an editor sees. */
function byEditor(text: string, check = validate): string[] {
  check(parseYaml(text))
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** What Weir says of it: of the document, then of the options of the filters that it knows. */
function byWeir(text: string): string[] {
  const found = problems(text, ENV)
  if (found.length > 0) return found
  const { listeners, endpoints } = parse(text, ENV).spec
  const chains = listeners.flatMap(({ chain }) => chain)
  const factories = new Map(chains.map(({ name, factory }) => [name, factory]))
  const refined = endpoints.flatMap(({ filters }) =>
    Object.entries(filters).flatMap(([name, spec]) =>
      spec === 'off' ? [] : [{ ...spec, factory: factories.get(name)! }],
    ),
  )
  return [...chains, ...refined].flatMap((spec) => {
    const factory = BUILT_IN.get(spec.factory)
    const wrong = factory === undefined ? undefined : checkOptions(factory, spec).problems
    return (wrong ?? []).map(({ message }) => message)
  })
}

t.test('the shipped schema is what the schemas of today give', async (t) => {
  const path = 'config/weir.schema.json'
  t.equal(readFileSync(resolve(root, path), 'utf8'), GENERATED[path], 'else: npm run generate')
})

t.test('it is a schema', async (t) => {
  t.ok(ajv.validateSchema(schema))
  t.ok(JSON.stringify(schema).length < 100_000, `${JSON.stringify(schema).length} characters`)
})

t.test('every example that is a whole configuration is fine with it and with Weir', async (t) => {
  const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: root })]
  const examples = pages.flatMap((page) => {
    const text = readFileSync(resolve(root, page), 'utf8')
    return [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => ({ page, yaml }))
  })
  // Manifests of Kubernetes are for test/docs.deploy.test.ts.
  const whole = examples.filter(({ yaml }) => /^(?!apiVersion:)[a-z#]/.test(yaml) && !/…|\.\.\./.test(yaml))
  t.ok(whole.length >= 15, `${whole.length} of ${examples.length}`)
  for (const { page, yaml } of [...whole, { page: 'the default file', yaml: DEFAULT_CONFIG }]) {
    const name = `${page}: ${yaml.slice(0, 60).replaceAll('\n', ' ')}`
    t.strictSame(byEditor(yaml), [], name)
    t.strictSame(byWeir(yaml), [], name)
  }
})

t.test('broken documents are refused by it and by Weir', async (t) => {
  for (const text of BROKEN) {
    t.not(byEditor(text).length, 0, `schema: ${text}`)
    t.not(byWeir(text).length, 0, `Weir: ${text}`)
  }
})

t.test('odd but good documents pass both', async (t) => {
  for (const text of ODD) {
    t.strictSame(byEditor(text), [], `schema: ${text}`)
    t.strictSame(byWeir(text), [], `Weir: ${text}`)
  }
})

t.test('defaults are what the gateway does when nothing is said', async (t) => {
  const said = Object.entries(schema.properties!).filter(
    ([key, node]) => node.default !== undefined && key !== 'endpoints',
  )
  const plain = (text: string): unknown => {
    const { spec, settings } = parse(text)
    const chains = spec.listeners.map(({ chain, at, ...listener }) => [listener, chain.map((filter) => filter.name)])
    return { settings, chains }
  }
  for (const [key, { default: value }] of said)
    t.strictSame(plain(`${JSON.stringify({ [key]: value })}`), plain('endpoints:'), key)
  for (const [factory] of BUILT_IN.entries()) {
    const { properties = {} } = schema.$defs![`${factory.name}-options`]!
    const nothing = checkOptions(factory, { options: {}, at: [] })
    for (const [key, { default: value }] of Object.entries(properties))
      if (value !== undefined)
        t.strictSame(checkOptions(factory, { options: { [key]: value }, at: [] }), nothing, `${factory.name} ${key}`)
  }
})

t.test('every key and option is described, as a sentence that has the default where the schema has none', async (t) => {
  let count = 0
  const visit = (node: JsonSchema, path: string): void => {
    for (const [key, value] of Object.entries(node.properties ?? {})) {
      const at = `${path}.${key}`
      const { description = '', default: given } = value
      t.match(description, /^[^a-z].*\.$/, at)
      const said = given !== undefined || /Default: |is required/.test(description) || node.required?.includes(key)
      t.ok(said, `${at} has a default`)
      visit(value, at)
      count++
    }
    for (const inner of [...(node.anyOf ?? []), ...(node.items === undefined ? [] : [node.items])]) visit(inner, path)
  }
  const defs = Object.entries(schema.$defs!).filter(([name]) => name === 'endpoint' || name.endsWith('-options'))
  for (const [name, node] of [['', schema] as const, ...defs]) visit(node, name)
  t.ok(count > 70, `${count} keys`)
})

const plugin = (name: string, options: FilterFactory['options']): FilterFactory =>
  defineFilter({
    name,
    apiVersion: 1,
    ...(options === undefined ? {} : { options }),
    create: () => ({}),
  }) as FilterFactory

t.test("plugins' options are worked in", async (t) => {
  const tree: z.ZodType = z.strictObject({
    limit: z.int(),
    get inner() {
      return tree.optional()
    },
  })
  const either = z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('a'), size: z.int() }),
    z.strictObject({ kind: z.literal('b'), word: z.enum(['x', 'y']) }),
  ])
  const opaque = {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: (value: unknown) => ({ value }),
      jsonSchema: {
        input: () => {
          throw new Error('not supported')
        },
      },
    },
  } as const
  const more = [plugin('tree', tree), plugin('either', either), plugin('opaque', opaque), plugin('bare', undefined)]
  const check = ajv.compile({
    ...jsonSchema(BUILT_IN.with(more.map((factory) => [factory, 'a plugin']))),
    $id: 'urn:weir:more',
  })
  const good = [
    chain('{ tree: { limit: 1, inner: { limit: 2 } } }'),
    chain('{ filter: either, options: { kind: a, size: 1 } }'),
    'filters:\n  - either:\n      kind: ${KIND}\n      size: ${SIZE}\n  - proxy',
    chain('{ opaque: { any: thing } }'),
    chain('bare'),
    refined('{ tree: { inner: { limit: 2 } }, either: { size: 1 } }'),
  ]
  for (const text of good) t.strictSame(byEditor(text, check), [], text)
  const broken = [
    chain('{ tree: {} }'),
    chain('{ tree: { limit: 1, inner: {} } }'),
    chain('{ either: { kind: a, word: x } }'),
    chain('{ either: { kind: b, word: z } }'),
    chain('{ bare: { x: 1 } }'),
    refined('{ tree: { limit: x } }'),
    refined('{ either: { word: 1 } }'),
  ]
  for (const text of broken) t.not(byEditor(text, check).length, 0, text)
})
