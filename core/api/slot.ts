/**
 * A typed key under which one filter leaves a value on the exchange for others.
 * Slots meet by name: two modules that define `identity` get the same slot.
 */
export interface Slot<T> {
  readonly name: string
  /** Index into the exchange's storage. */
  readonly index: number
  /** Never set; carries the type. */
  readonly type?: T
}

const known = new Map<string, Slot<unknown>>()

/** Defines (or finds) the slot of that name. Call it once, at module level. */
export function defineSlot<T>(name: string): Slot<T> {
  let slot = known.get(name)
  if (slot === undefined) {
    slot = { name, index: known.size }
    known.set(name, slot)
  }
  return slot as Slot<T>
}
