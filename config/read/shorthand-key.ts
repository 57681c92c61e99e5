import type { Path } from '../../core/control/config-error.ts'
import type { OptionsSpec } from '../../core/control/gateway-spec.ts'
import type { DocumentValues } from '../schema/document-schema.ts'
import { SHORT_FORMS } from '../schema/short-forms.ts'

type Options = Readonly<Record<string, unknown>>

/** A key that is short for options of a filter. */
export interface Shorthand {
  readonly factory: string
  readonly options: Options
  readonly origins: Readonly<Record<string, Path>>
  /** The path of the flat key. */
  readonly at: Path
}

export function single([factory, option]: readonly [string, string], value: unknown, at: Path): Shorthand[] {
  return value === undefined ? [] : [{ factory, options: { [option]: value }, origins: { [option]: at }, at }]
}

export const originsOf = (options: Options, at: Path): Record<string, Path> =>
  Object.fromEntries(Object.keys(options).map((name) => [name, at]))

/** Keys about tokens, which apply to every listener that checks tokens. */
export function tokenKeys(values: DocumentValues): Shorthand[] {
  return (['auth_algorithm', 'auth_issuer', 'auth_audience'] as const).flatMap((key) =>
    single(SHORT_FORMS.document[key], values[key], [key]),
  )
}

/** The options with those of a key added. */
export function merged<T extends OptionsSpec>(spec: T, key: Shorthand): T {
  return { ...spec, options: { ...spec.options, ...key.options }, origins: { ...spec.origins, ...key.origins } }
}
