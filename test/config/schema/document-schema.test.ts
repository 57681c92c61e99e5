import t from 'tap'
import * as z from 'zod'
import { documentSchema } from '../../../config/schema/document-schema.ts'

interface Node {
  description?: string
  properties?: Record<string, Node>
  additionalProperties?: boolean | Node
  anyOf?: Node[]
  items?: Node
}

t.test('the schema has a JSON Schema in which every key is described and no other allowed', async (t) => {
  let keys = 0
  const visit = (node: Node, path: string): void => {
    for (const [key, value] of Object.entries(node.properties ?? {})) {
      keys++
      t.ok(value.description, `${path}.${key} is described`)
      visit(value, `${path}.${key}`)
    }
    if (node.properties !== undefined) t.equal(node.additionalProperties, false, `${path} is strict`)
    for (const branch of node.anyOf ?? []) visit(branch, path)
    if (node.items !== undefined) visit(node.items, `${path}[]`)
  }
  visit(z.toJSONSchema(documentSchema, { io: 'input', target: 'draft-2020-12' }) as Node, '')
  t.ok(keys > 50)
})
