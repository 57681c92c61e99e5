/** Stands in the plain data for a value that could not be read; its problem has been reported already. */
export const BROKEN = Symbol('broken')

export type Mapping = Readonly<Record<string, unknown>>

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
