import { type Alias, isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
import { show } from '../../core/base/show.ts'
import type { SlicedWork } from '../../core/base/time-slice.ts'
import type { Path } from '../../core/control/config-error.ts'
import { type ConfigFile, type PlacedPiece, positionOf } from './config-file.ts'
import { BROKEN, isMapping } from './plain-data.ts'
import type { Problems } from './problems.ts'
import { type References, substitute, typed } from './references.ts'
import { isSecretPath } from './secret-path.ts'
import { hasReference } from './shown-reference.ts'

export interface PlainOptions {
  /** The data of items that earlier loads read, by their YAML. Items with references are not kept. */
  readonly known?: WeakMap<object, unknown>
  /** Undefined: the file may have none. */
  readonly references: References | undefined
  /** True if a number at this path is wanted as the text that was written (`version: 1.0`). */
  keepText(path: Path): boolean
}

const MAX_DEPTH = 64
const NO_REFERENCES: References = { env: {}, readFile: () => '' }
const REFUSED = `a document that is sent here can have no references: write the value; $\${ stands for a literal \${`
const ENDS_IN_SPACE = 'ends in white space, which is part of the secret then: remove it there'
/** Number of values that aliases may add, so that a few lines can't expand into gigabytes. */
const MAX_ALIASED = 100_000

/**
 * A file as plain objects, lists and scalars, with references replaced. Unlike `toJS` of the library it takes linear time
 * whatever the file holds, and it reports problems with their places. A value that can't be read is reported and becomes
 * `BROKEN`. Yields between endpoints.
 */
export function* toPlain(file: ConfigFile, problems: Problems, options: PlainOptions): SlicedWork<unknown> {
  const { head, items } = file
  if (head === undefined) return null
  const raw = new Reader(file, head, [], problems, options).read(head.yaml.contents)
  if (items === undefined || !isMapping(raw)) return raw
  const endpoints: unknown[] = []
  for (const [i, item] of items.entries()) {
    yield
    const known = options.known?.get(item.yaml)
    if (known !== undefined) {
      endpoints.push(known)
      continue
    }
    const before = problems.errors.length
    const [node] = (item.yaml.contents as unknown as YAMLSeq).items
    const value = new Reader(file, item, ['endpoints', i], problems, options).read(node)
    endpoints.push(value)
    if (problems.errors.length === before && isMapping(value) && !item.text.includes('${'))
      options.known?.set(item.yaml, value)
  }
  return { ...raw, endpoints }
}

class Reader {
  readonly #file: ConfigFile
  readonly #piece: PlacedPiece
  readonly #path: (string | number)[]
  readonly #problems: Problems
  readonly #options: PlainOptions
  readonly #anchors = new Map<string, unknown>()
  readonly #open = new Set<unknown>()
  #aliasDepth = 0
  #aliased = 0

  /** @param path the path of the piece in its file */
  constructor(
    file: ConfigFile,
    piece: PlacedPiece,
    path: (string | number)[],
    problems: Problems,
    options: PlainOptions,
  ) {
    this.#file = file
    this.#piece = piece
    this.#path = path
    this.#problems = problems
    this.#options = options
  }

  read(node: unknown): unknown {
    if (this.#aliasDepth > 0 && ++this.#aliased > MAX_ALIASED) {
      if (this.#aliased === MAX_ALIASED + 1)
        this.#fail(`the aliases of the document stand for more than ${MAX_ALIASED} values`)
      return BROKEN
    }
    if (isAlias(node)) return this.#alias(node)
    const anchor = (node as { anchor?: string } | null)?.anchor
    if (anchor !== undefined && this.#aliasDepth === 0) this.#anchors.set(anchor, node)
    if (isScalar(node)) return this.#scalar(node)
    if (!isMap(node) && !isSeq(node)) return null
    if (this.#path.length >= MAX_DEPTH) return this.#fail(`nested more than ${MAX_DEPTH} levels deep`)
    this.#open.add(node)
    const value = isMap(node) ? this.#map(node) : node.items.map((item, i) => this.#below(i, item))
    this.#open.delete(node)
    return value
  }

  #map(map: YAMLMap): unknown {
    const seen = new Map<string, unknown>()
    const out: Record<string, unknown> = {}
    for (const { key: keyNode, value } of map.items) {
      if (!isScalar(keyNode)) {
        const message = "a key must be plain text, and can't be an alias"
        this.#report([...this.#path], message, keyNode ?? map)
        continue
      }
      const key = String(keyNode.value)
      const wrong = this.#wrongKey(key, keyNode, seen)
      if (wrong !== undefined) {
        this.#report([...this.#path, key], wrong, keyNode)
        continue
      }
      seen.set(key, keyNode)
      out[key] = this.#below(key, value)
    }
    return out
  }

  #wrongKey(key: string, node: Scalar, seen: ReadonlyMap<string, unknown>): string | undefined {
    if (key === '__proto__') return '"__proto__" is not allowed as a key'
    if (key === '<<' && node.type === 'PLAIN')
      return 'merge keys (<<) are not part of YAML 1.2: repeat the keys, or use an alias for a whole value'
    if (!seen.has(key)) return undefined
    const line = positionOf(seen.get(key), this.#piece)?.line
    return `the key ${show(key)} is repeated; the first is on line ${line}: remove one of them`
  }

  #alias(alias: Alias): unknown {
    const { aliases } = this.#file
    if (!aliases.has(alias)) aliases.set(alias, this.#anchors.get(alias.source))
    const target = aliases.get(alias)
    if (target === undefined) {
      // An unquoted secret that begins with `*` reads as an alias.
      const [name, anchor] = isSecretPath(this.#path) ? ['', ''] : [` *${alias.source}`, ` &${alias.source}`]
      return this.#fail(`the alias${name} has no anchor${anchor} before it; put a text that starts with * in quotes`)
    }
    if (this.#open.has(target)) return this.#fail(`the alias *${alias.source} is inside of what it refers to`)
    this.#aliasDepth++
    const value = this.read(target)
    this.#aliasDepth--
    return value
  }

  #scalar(node: Scalar): unknown {
    const { value } = node
    if (typeof value === 'number') return this.#options.keepText(this.#path) ? (node.source ?? String(value)) : value
    if (typeof value !== 'string' || !value.includes('${')) return value
    const { references = NO_REFERENCES } = this.#options
    if (references === NO_REFERENCES && hasReference(value)) return this.#fail(REFUSED)
    const secret = isSecretPath(this.#path)
    const result = substitute(value, references, secret)
    for (const problem of result.problems) this.#fail(problem)
    if (result.problems.length > 0) return BROKEN
    // A file in place of one line, or a variable that was set by `echo`. A key may end in a line break.
    if (secret && /\s$/.test(result.text) && !result.text.includes('-----END ')) this.#endsInSpace(result.last)
    if (!result.whole || node.type !== 'PLAIN' || node.tag !== undefined) return result.text
    const retyped = typed(result.text)
    return typeof retyped === 'number' && this.#options.keepText(this.#path) ? result.text : retyped
  }

  #below(step: string | number, node: unknown): unknown {
    this.#path.push(step)
    const value = this.read(node)
    this.#path.pop()
    return value
  }

  #fail(message: string): typeof BROKEN {
    const file = this.#file.name
    this.#problems.error([...this.#path], message, { file, ...this.#file.locate(this.#path) })
    return BROKEN
  }

  /** @param source variable or file that the secret ends with: told once, wherever it stands */
  #endsInSpace(source: string | undefined): void {
    const position = { file: this.#file.name, ...this.#file.locate(this.#path) }
    if (source === undefined) this.#problems.warn([...this.#path], `the value ${ENDS_IN_SPACE}`, position)
    else this.#problems.warnOnce([...this.#path], `${source} ${ENDS_IN_SPACE}`, position)
  }

  #report(path: Path, message: string, node: unknown): void {
    this.#problems.error(path, message, { file: this.#file.name, ...positionOf(node, this.#piece) })
  }
}
