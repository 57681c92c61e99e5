import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const MOST_NAMED = 3

/** Problems with the circumstances in which they were found. Equal problems are one. */
export class Problems {
  readonly #found = new Map<string, { text: string; whats: string[] }>()

  /**
   * @param what the circumstances
   * @param key equal for what is the same problem
   */
  add(what: string, text: string, key = text): void {
    const known = this.#found.get(key)
    if (known === undefined) this.#found.set(key, { text, whats: [what] })
    else if (!known.whats.includes(what)) known.whats.push(what)
  }

  /** One text per problem. */
  texts(): string[] {
    return [...this.#found.values()].map(({ text, whats }) => {
      const named = whats.slice(0, MOST_NAMED).join('; ')
      const more = whats.length - MOST_NAMED
      return `${named}${more > 0 ? ` (and ${more} more)` : ''}: ${text}`
    })
  }
}

/** An error as its message and its place: `TypeError: … (filters/tenant.ts:7:12)`. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const place = placeOf(error)
  return `${error.name}: ${error.message}${place === undefined ? '' : ` (${place})`}`
}

/** Equal for errors of one kind from one place, whatever their messages quote. */
export const kindOf = (error: unknown): string =>
  error instanceof Error ? `${error.name} ${placeOf(error)}` : String(error)

/** The engine, of which the author of a filter knows nothing. */
const CORE = fileURLToPath(new URL('../../', import.meta.url))

/** Where an error was made, in code that is neither Node's nor the engine's. */
function placeOf({ stack = '' }: Error): string | undefined {
  for (const [, file, position] of stack.matchAll(/^\s+at (?:.*\()?(.+?):(\d+:\d+)\)?$/gm)) {
    const path = file!.startsWith('file:') ? fileURLToPath(file!) : file!
    if (!path.startsWith('node:') && !path.startsWith(CORE)) return `${relative(process.cwd(), path)}:${position}`
  }
  return undefined
}
