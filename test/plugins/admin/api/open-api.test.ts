import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { OPERATIONS } from '../../../../plugins/admin/api/api-table.ts'
import { openApi } from '../../../../plugins/admin/api/open-api.ts'
import { startAdmin } from '../../../support/admin-client.ts'
import { GENERATED, root } from '../../../support/generate.ts'

interface Described {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: object }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content?: Readonly<Record<string, { readonly schema: object }>> }
    >
  >
}
const document = openApi(OPERATIONS, '1.2.3') as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
}
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]) => ({ path, method, described })),
)

t.test('the reference is what the table of today gives', async (t) => {
  const path = 'docs/reference/admin-api.md'
  t.equal(readFileSync(resolve(root, path), 'utf8'), GENERATED[path], 'else: npm run generate')
})

t.test('what is served is the document', async (t) => {
  const { admin, gateway } = await startAdmin(t)
  const served = (await admin.ask('GET /openapi.json')).json()
  const { version } = served.info as { version: string }
  t.strictSame(served, JSON.parse(JSON.stringify(openApi(OPERATIONS, version))))
  await gateway.close()
})

t.test('each operation is there, once', async (t) => {
  const ids = operations.map(({ described }) => described.operationId)
  t.equal(new Set(ids).size, ids.length)
  for (const { id } of OPERATIONS) t.ok(ids.includes(id), id)
})

t.test('parameters of paths are those in their braces', async (t) => {
  for (const { path, described } of operations) {
    const inPath = described.parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`)
    t.strictSame(inPath, path.match(/\{\w+\}/g) ?? [], path)
    t.notMatch(path, '{id}')
  }
})

t.test('every schema is one of JSON Schema 2020-12, and every reference leads somewhere', async (t) => {
  const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } })
  ajv.addSchema(document, 'api', undefined, false)
  const compile = (schema: object, what: string) => {
    const text = JSON.stringify(schema).replaceAll('"#/', '"api#/')
    t.doesNotThrow(() => ajv.compile(JSON.parse(text) as object), what)
  }
  for (const { path, method, described } of operations) {
    for (const { name, schema } of described.parameters) compile(schema, `${method} ${path} ${name}`)
    for (const [type, { schema }] of Object.entries(described.requestBody?.content ?? {}))
      compile(schema, `${method} ${path} ${type}`)
    for (const [status, { content = {} }] of Object.entries(described.responses))
      for (const { schema } of Object.values(content)) compile(schema, `${method} ${path} ${status}`)
  }
})

t.test('statuses are described in full', async (t) => {
  const statuses = (path: string, method: string) => Object.keys(document.paths[path]![method]!.responses)
  t.strictSame(statuses('/livez', 'get'), ['200', '503'])
  t.strictSame(statuses('/registry/endpoints/{version}/{name}', 'patch'), [
    '200',
    '400',
    '401',
    '403',
    '404',
    '406',
    '409',
    '412',
    '413',
    '415',
    '422',
    '503',
  ])
  t.strictSame(statuses('/registry/endpoints/{name}', 'put').slice(0, 3), ['200', '201', '400'])
  t.ok(statuses('/registry/endpoints/{name}', 'get').includes('304'))
  t.ok(statuses('/stats/history', 'get').includes('501'))
})
