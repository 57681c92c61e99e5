import type { FilterFactory } from '../api/filter-factory.ts'

/** Filter factories by name, and where each comes from. Immutable. */
export class Catalog {
  readonly #factories: ReadonlyMap<string, { factory: FilterFactory; origin: string }>

  constructor(entries: Iterable<readonly [factory: FilterFactory, origin: string]> = []) {
    const factories = new Map<string, { factory: FilterFactory; origin: string }>()
    for (const [factory, origin] of entries) {
      const taken = factories.get(factory.name)
      if (taken !== undefined)
        throw new Error(`filter "${factory.name}" of ${origin} already exists: it comes from ${taken.origin}`)
      factories.set(factory.name, { factory, origin })
    }
    this.#factories = factories
  }

  get(name: string): FilterFactory | undefined {
    return this.#factories.get(name)?.factory
  }

  names(): string[] {
    return [...this.#factories.keys()]
  }

  entries(): [factory: FilterFactory, origin: string][] {
    return [...this.#factories.values()].map(({ factory, origin }) => [factory, origin])
  }

  /** A new catalog with more factories. @throws Error if a name is taken */
  with(more: Iterable<readonly [factory: FilterFactory, origin: string]>): Catalog {
    return new Catalog([...this.entries(), ...more])
  }
}
