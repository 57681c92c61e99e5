import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import * as z from 'zod'
import { schemaText } from '../../../config/schema/reference-page.ts'
import { defineFilter } from '../../../core/index.ts'
import { BUILT_IN } from '../../../core/main/built-in.ts'
import { GENERATED, root } from '../../support/generate.ts'

t.test('the reference is what the schemas of today give', async (t) => {
  const path = 'docs/reference/configuration.md'
  t.equal(readFileSync(resolve(root, path), 'utf8'), GENERATED[path], 'else: npm run generate')
})

t.test('rows say what a key takes', async (t) => {
  const text = schemaText(BUILT_IN, 'markdown')
  const row = (key: string): string[] =>
    text.split('\n').flatMap((line) => (line.startsWith(`| \`${key}\` |`) ? line.split(' | ').slice(1, 3) : []))
  t.strictSame(row('grace_period'), ['duration', '`0s`'])
  t.strictSame(row('echo'), ['`off` or [section](#echo)', '`off`'])
  t.strictSame(row('endpoints'), ['list of [endpoint](#endpoints)', '`[]`'])
  t.strictSame(row('targets[].url'), ['URL of an upstream', '*required*'])
  t.strictSame(row('circuit_breaker')[0], '[options](#options-of-breaker)')
  t.strictSame(row('tls.verify').slice(0, 2), ['true or false', '`true`'])
  t.strictSame(row('max_length'), ['whole number, 1 to 1024', '`128`'])
})

t.test('every link leads to a heading', async (t) => {
  const text = schemaText(BUILT_IN, 'markdown')
  const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading.toLowerCase().replaceAll(' ', '-'),
  )
  for (const [, anchor] of text.matchAll(/\]\(#([^)]*)\)/g)) t.ok(anchors.includes(anchor!), `#${anchor}`)
  t.equal(new Set(anchors).size, anchors.length)
})

t.test("a plugin's options are listed too", async (t) => {
  const stamp = defineFilter({
    name: 'stamp',
    apiVersion: 1,
    options: z.strictObject({
      field: z.string().default('X-Stamp').describe('Either a | or b.'),
      from: z.array(z.strictObject({ header: z.string() })).default([{ header: 'x-a' }]),
    }),
    create: () => ({}),
  })
  const text = schemaText(BUILT_IN.with([[stamp, 'a plugin']]), 'markdown')
  t.match(text, '### Options of stamp\n')
  t.match(text, '| `field` | text | `X-Stamp` | Either a \\| or b. |')
  t.match(text, '| `from` | list of mapping | `[{ header: x-a }]` |')
})

t.test("each filter's page lists its options", async (t) => {
  for (const [{ name, options }] of BUILT_IN.entries()) {
    const page = readFileSync(resolve(root, `docs/filters/${name}.md`), 'utf8')
    const schema = options?.['~standard'].jsonSchema.input({ target: 'draft-2020-12' }) ?? {}
    for (const [key, node] of Object.entries((schema.properties as Record<string, { default?: unknown }>) ?? {})) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${key}\``) || line.startsWith(`| \`${key}.`))
      t.ok(row, `${name}: ${key}`)
      if (typeof node.default === 'string' || typeof node.default === 'number') t.match(row, `\`${node.default}\``)
    }
  }
})
