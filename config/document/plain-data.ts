/** Takes the place of a value that could not be read; its problem is reported already. */
export const BROKEN = Symbol('broken')

export type Mapping = Readonly<Record<string, unknown>>

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
