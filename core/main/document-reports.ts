import type { LoadedConfig } from '../../config/live/config-loader.ts'
import type { Catalog } from '../build/catalog.ts'
import { checkSpec } from '../build/snapshot.ts'
import { ConfigError, type Problem } from '../control/config-error.ts'

/** Names of the reports by which a worker, which has the plugins, checks a document for the primary, and gives its schema. */
export const CHECK_DOCUMENT = 'check-document'
export const SCHEMA = 'schema'

/** A document as it was read, its plugins being those that run. Plain data. */
export type DocumentPart = Pick<LoadedConfig, 'spec' | 'settings'>

/**
 * The problems of a document that need the filters. None of them is created.
 * @param catalogOf the filters that a document may use: their plugins are loaded already
 */
export async function problemsOf(
  part: DocumentPart,
  catalogOf: (part: DocumentPart) => Promise<Catalog>,
): Promise<readonly Problem[]> {
  try {
    return await checkSpec(part.spec, await catalogOf(part))
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

/** The JSON Schema of a configuration with these filters. */
export async function schemaOf(catalog: Catalog): Promise<Readonly<Record<string, unknown>>> {
  const { jsonSchema } = await import('../../config/schema/json-schema.ts')
  return jsonSchema(catalog) as Readonly<Record<string, unknown>>
}
