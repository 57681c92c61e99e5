/**
 * A typed key under which one filter leaves a value on the exchange for others: `x.set(slot, value)`, `x.get(slot)`. Made by
 * `defineSlot`.
 */
export interface Slot<T> {
  /** Slots with equal names are the same slot. */
  readonly name: string
  /** Index into the exchange's storage. */
  readonly index: number
  /** Never set; carries the type. */
  readonly type?: T
}

const known = new Map<string, Slot<unknown>>()

/**
 * Defines the slot of that name, or finds it: two modules that define `tenant` get the same slot. Call it once, at module
 * level. Name the slot in `writes` and `reads` of the factories, and a chain in the wrong order fails to load.
 *
 * ```ts
 * export const TenantSlot = defineSlot<string>('tenant')
 * x.set(TenantSlot, 'acme')
 * const tenant = x.get(TenantSlot) // string | undefined
 * ```
 * @param name kebab case; a plugin that is published puts its own name in front
 */
export function defineSlot<T>(name: string): Slot<T> {
  let slot = known.get(name)
  if (slot === undefined) {
    slot = { name, index: known.size }
    known.set(name, slot)
  }
  return slot as Slot<T>
}
