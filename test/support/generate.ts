// Writes what is generated from the schemas and from the public door: `npm run generate`.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { schemaText } from '../../config/schema/reference-page.ts'
import { BUILT_IN } from '../../core/main/built-in.ts'
import { adminApiPage } from './admin-api-page.ts'
import { API_FILE, apiText, readPublicApi } from './public-api.ts'

/** Files by their path in the repository, and what they must hold. */
export const GENERATED = {
  'config/weir.schema.json': schemaText(BUILT_IN),
  'docs/reference/configuration.md': schemaText(BUILT_IN, 'markdown'),
  'docs/reference/admin-api.md': adminApiPage(),
} as const

export const root = resolve(import.meta.dirname, '../..')

if (import.meta.main) {
  const files = { ...GENERATED, [API_FILE]: apiText(readPublicApi()) }
  for (const [path, text] of Object.entries(files)) writeFileSync(resolve(root, path), text)
}
