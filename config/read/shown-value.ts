import type { FilterFactory } from '../../core/api/filter-factory.ts'
import { isSecret, MASK, maskText } from '../../core/base/masking.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { OptionsSpec } from '../../core/control/gateway-spec.ts'
import type { ConfigDocument } from '../document/config-document.ts'
import { isMapping } from '../document/plain-data.ts'
import { endsWithFilter, isSecretBelow } from '../document/secret-path.ts'
import { hasReference, shownReference } from '../document/shown-reference.ts'

/** An option of a filter as anybody may see it. */
export interface ShownOption {
  readonly name: string
  readonly value: unknown
  /** True for the filter's own default, which is not in the document. */
  readonly default?: true
  readonly file?: string
  readonly line?: number | undefined
}

/**
 * A value of the configuration as anybody may see it: references as they are written, secrets masked.
 * @param name the name of the option; a flat key may have another
 */
export function shown(name: string, value: unknown, path: Path, document: ConfigDocument): unknown {
  return view(value, path, document, (name !== path.at(-1) && isSecret(name)) || isSecretBelow(path.slice(0, -1)))
}

/** @param within true if the value is a part of a secret */
function view(value: unknown, path: Path, document: ConfigDocument, within: boolean): unknown {
  const secret = within || isSecret(String(path.at(-1)))
  const below = within || (secret && !endsWithFilter(path))
  const written = document.scalar(path)
  if (written !== undefined && hasReference(written)) return shownReference(written, secret)
  if (Array.isArray(value)) return value.map((item, i) => view(item, [...path, i], document, below))
  if (isMapping(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, view(inner, [...path, key], document, below)]),
    )
  if (value === null || value === undefined || typeof value === 'boolean') return value
  if (endsWithFilter(path) && (value === 'off' || value === 'on')) return value
  if (secret) return MASK
  return typeof value === 'string' ? maskText(value) : value
}

/**
 * The options of a filter that are in force: those of the document with their places, and its defaults.
 * @param defaults see `defaultsOf`
 */
export function optionsInForce(
  defaults: readonly ShownOption[],
  spec: OptionsSpec,
  document: ConfigDocument,
): ShownOption[] {
  const written = Object.entries(spec.options).map(([name, value]): ShownOption => {
    const path = pathOf(name, spec)
    const { file, line } = document.place({ path, message: '' })
    return { name, value: shown(name, value, path, document), file, line }
  })
  return [...written, ...defaults.filter(({ name }) => !Object.hasOwn(spec.options, name))]
}

/** The defaults of a filter's options, in the words of its JSON Schema. */
export function defaultsOf(factory: FilterFactory): ShownOption[] {
  return Object.entries(propertiesOf(factory))
    .filter(([, { default: value }]) => value !== undefined)
    .map(([name, { default: value }]): ShownOption => ({ name, value, default: true }))
}

/** The path of an option: that of the flat key, if a flat key sets it. */
export const pathOf = (name: string, { at, origins = {} }: OptionsSpec): Path =>
  Object.hasOwn(origins, name) ? origins[name]! : [...at, name]

/** The options that a filter takes, from its JSON Schema. */
export function propertiesOf({ options }: FilterFactory): Readonly<Record<string, PropertySchema>> {
  try {
    const schema = options?.['~standard'].jsonSchema.input({ target: 'draft-2020-12' })
    return (schema?.properties ?? {}) as Record<string, PropertySchema>
  } catch {
    return {} // without a JSON Schema there is only less help
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

/** A value on one line, in YAML's flow style. */
export function inlineText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inlineText).join(', ')}]`
  if (isMapping(value)) {
    const entries = Object.entries(value).map(([key, inner]) => `${key}: ${inlineText(inner)}`)
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  if (typeof value !== 'string') return String(value)
  return value === '' || /[\s"',[\]{}]/.test(value.replaceAll(/\$\{[^}]*\}/g, '')) ? JSON.stringify(value) : value
}

/** A place as people read it: `weir.yaml:12`. */
export const placeOf = ({ file, line }: Pick<ShownOption, 'file' | 'line'>): string =>
  file === undefined ? '' : line === undefined ? file : `${file}:${line}`
