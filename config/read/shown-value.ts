import type { FilterFactory } from '../../core/api/filter-factory.ts'
import { isSecret } from '../../core/build/option-check.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { OptionsSpec } from '../../core/control/gateway-spec.ts'
import type { ConfigDocument } from '../document/config-document.ts'
import { isMapping } from '../document/plain-data.ts'

/** An option of a filter as anybody may see it. */
export interface ShownOption {
  readonly name: string
  readonly value: unknown
  /** The filter's own default: nobody wrote it. */
  readonly default?: true
  readonly file?: string
  readonly line?: number | undefined
}

/**
 * A value of the configuration as anybody may see it: references as they were written, secrets masked by their name,
 * URLs without credentials.
 */
export function shown(name: string, value: unknown, path: Path, document: ConfigDocument): unknown {
  const written = document.scalar(path)
  if (written !== undefined && hasReference(written))
    return isSecret(name) ? bareReference(written) : withoutCredentials(written)
  if (Array.isArray(value)) return value.map((item, i) => shown(name, item, [...path, i], document))
  if (isMapping(value)) {
    const entries = Object.entries(value)
    return Object.fromEntries(
      entries.map(([key, inner]) => [key, shown(isSecret(name) ? name : key, inner, [...path, key], document)]),
    )
  }
  if (value === null || value === undefined || typeof value === 'boolean') return value
  if (isSecret(name)) return MASK
  return typeof value === 'string' ? withoutCredentials(value) : value
}

/** Whether a text refers to something: `$${` is only text. */
export const hasReference = (written: string): boolean => written.replaceAll('$${', '').includes('${')

const MASK = '***'

/** A reference without the default that stands in it, which may be a secret. */
const bareReference = (written: string): string =>
  /^\$\{[^}]*\}$/.test(written) ? written.replace(/:-[^}]+/, `:-${MASK}`) : MASK

/** Hides up to the last @: a password may hold any character. */
const withoutCredentials = (text: string): string => text.replaceAll(/\/\/\S*@/g, '//…@')

/** The options that a filter goes by: those that were written, with their places, and its defaults. */
export function optionsInForce(factory: FilterFactory, spec: OptionsSpec, document: ConfigDocument): ShownOption[] {
  const written = Object.entries(spec.options).map(([name, value]): ShownOption => {
    const path = pathOf(name, spec)
    const { file, line } = document.place({ path, message: '' })
    return { name, value: shown(name, value, path, document), file, line }
  })
  const defaults = Object.entries(propertiesOf(factory))
    .filter(([name, { default: value }]) => value !== undefined && !Object.hasOwn(spec.options, name))
    .map(([name, { default: value }]): ShownOption => ({ name, value, default: true }))
  return [...written, ...defaults]
}

/** Where an option stands: flat keys live elsewhere in the document. */
export const pathOf = (name: string, { at, origins = {} }: OptionsSpec): Path =>
  Object.hasOwn(origins, name) ? origins[name]! : [...at, name]

/** The options that a filter knows, by its JSON Schema. */
export function propertiesOf({ options }: FilterFactory): Readonly<Record<string, PropertySchema>> {
  try {
    const schema = options?.['~standard'].jsonSchema.input({ target: 'draft-2020-12' })
    return (schema?.properties ?? {}) as Record<string, PropertySchema>
  } catch {
    return {} // a schema without JSON Schema only loses the help
  }
}

export interface PropertySchema {
  readonly title?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly PropertySchema[]
  readonly items?: PropertySchema
  readonly default?: unknown
  readonly description?: string
}

/** A value on one line, as YAML in flow style would have it. */
export function inlineText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inlineText).join(', ')}]`
  if (isMapping(value)) {
    const entries = Object.entries(value).map(([key, inner]) => `${key}: ${inlineText(inner)}`)
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  if (typeof value !== 'string') return String(value)
  return value === '' || /[\s"',[\]{}]/.test(value.replaceAll(/\$\{[^}]*\}/g, '')) ? JSON.stringify(value) : value
}

/** A place for people: `weir.yaml:12`. */
export const placeOf = ({ file, line }: Pick<ShownOption, 'file' | 'line'>): string =>
  file === undefined ? '' : line === undefined ? file : `${file}:${line}`
