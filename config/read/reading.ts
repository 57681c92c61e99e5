import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import type { SlicedWork } from '../../core/base/time-slice.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { ConfigInputs } from '../../core/control/config-source.ts'
import type { GatewaySpec } from '../../core/control/gateway-spec.ts'
import type { ConfigDocument } from '../document/config-document.ts'
import type { ConfigFile } from '../document/config-file.ts'
import { LocatedConfigError } from '../document/located-config-error.ts'
import type { PlacedProblem } from '../document/placed-problem.ts'
import { BROKEN, isMapping, type Mapping } from '../document/plain-data.ts'
import { Problems } from '../document/problems.ts'
import { readReferencedFile } from '../document/referenced-file.ts'
import type { Environment, References } from '../document/references.ts'
import { toPlain } from '../document/to-plain.ts'
import { documentShape } from '../schema/document-schema.ts'
import { documentHint } from '../schema/key-hints.ts'
import { advise } from './advice.ts'
import { type KnownEndpoints, readEndpoints } from './endpoints.ts'
import { readGroups } from './groups.ts'
import { rootNotice } from './health-check.ts'
import { readListeners } from './listeners.ts'
import { warnOpenPages } from './open-pages.ts'
import { warnParked } from './parked-keys.ts'
import { readShape } from './read-shape.ts'
import { readSettings, type Settings } from './settings.ts'
import { reportCovered } from './tokens-filter.ts'

export interface LoadedConfig {
  /** For the engine. */
  readonly spec: GatewaySpec
  /** For the process around it. */
  readonly settings: Settings
  /** The endpoints as plain data with references replaced: they may hold secrets. */
  readonly entries: readonly unknown[]
  /** Warnings; `document.format` gives each its place. */
  readonly warnings: readonly PlacedProblem[]
  readonly document: ConfigDocument
  /** Plain lines for the log. */
  readonly notices: readonly string[]
  /** Digest of the text of all files, 12 hex digits: equal texts have equal versions on every machine. */
  readonly version: string
}

/** A configuration with errors, and the parts of it that could be read: these may be checked for more errors. */
export class PartialConfigError extends LocatedConfigError {
  readonly partial: Pick<LoadedConfig, 'spec' | 'settings'>

  constructor(problems: readonly PlacedProblem[], document: ConfigDocument, partial: PartialConfigError['partial']) {
    super(problems, document)
    this.partial = partial
  }

  /** The same with more problems. */
  and(more: readonly PlacedProblem[]): LocatedConfigError {
    return new LocatedConfigError(inOrder([...this.problems, ...more], this.document), this.document)
  }
}

/** Results that one reading keeps for the next, so that it reads only what has changed. */
export class ReadingCache {
  readonly plain = new WeakMap<object, unknown>()
  readonly endpoints: KnownEndpoints = new WeakMap()
}

/** Keys of the document that have functions of their own. */
const BY_HAND = ['include', 'admin', 'filters', 'groups', 'endpoints']

/** One reading of a configuration, from parsed files to the spec and the settings. */
export class Reading {
  readonly problems: Problems
  readonly #document: ConfigDocument
  readonly #main: string
  readonly #references: References | undefined
  readonly #cache: ReadingCache
  readonly #read = new Set<string>()

  /** @param env undefined: the document may have no references */
  constructor(document: ConfigDocument, main: string, env: Environment | undefined, cache = new ReadingCache()) {
    this.#cache = cache
    this.#document = document
    this.#main = main
    this.problems = new Problems(document)
    const folder = dirname(resolve(main))
    this.#references = env && {
      env,
      readFile: (path) => {
        this.#read.add(resolve(folder, path))
        return readReferencedFile(folder, path)
      },
    }
  }

  /** Files that references have named so far, by absolute path. */
  get read(): ConfigInputs['names'] {
    return [...this.#read]
  }

  plain(file: ConfigFile): SlicedWork<unknown> {
    return toPlain(file, this.problems, {
      references: this.#references,
      keepText: isEndpointLabel,
      known: this.#cache.plain,
    })
  }

  /** Reads the plain data. Throws a `LocatedConfigError` with all errors, here and before. */
  *interpret(raw: unknown): SlicedWork<LoadedConfig> {
    const { problems } = this
    if (!isMapping(raw)) {
      // The text is not shown: the file may hold a secret and be given by mistake.
      const text = typeof raw === 'string' ? 'a text' : problems.found([], raw)
      const found = raw === null ? 'nothing but comments or space' : text
      if (raw !== BROKEN) problems.error([], `expected a configuration, such as "listen: 8000"; found ${found}`)
      throw new LocatedConfigError(problems.errors, this.#document)
    }
    const values = readShape(documentShape, withoutIgnored(raw), [], problems, BY_HAND, documentHint)
    const listeners = readListeners(raw, values, problems)
    const { chain, parked } = listeners
    const groups = readGroups(raw.groups, chain, problems)
    const endpoints = yield* readEndpoints(raw.endpoints, chain, groups, problems, this.#cache.endpoints)
    groups.warnUnused(problems)
    warnParked(parked, chain, endpoints.specs, problems)
    advise(listeners, endpoints.specs, problems)
    warnOpenPages(chain, endpoints.specs, problems)
    reportCovered(values, chain, endpoints.specs, problems)
    const settings = readSettings(this.#main, values, listeners, endpoints.checks, problems)
    if (problems.errors.length > 0) {
      const spec = { listeners: listeners.specs, endpoints: endpoints.specs }
      throw new PartialConfigError(inOrder(problems.errors, this.#document), this.#document, { spec, settings })
    }
    return {
      spec: { listeners: listeners.specs, endpoints: endpoints.specs },
      settings,
      entries: Array.isArray(raw.endpoints) ? raw.endpoints : [],
      warnings: inOrder(problems.warnings, this.#document),
      document: this.#document,
      notices: rootNotice(settings.healthCheck, values.health_check, endpoints.specs),
      version: versionOf(this.#document),
    }
  }
}

/** Keys that begin with `x-` are for anchors, and for other programs. */
const withoutIgnored = (raw: Mapping): Mapping =>
  Object.fromEntries(Object.entries(raw).filter(([key]) => !key.startsWith('x-')))

/** `version: 1.0` means the text, not the number 1. */
function isEndpointLabel(path: Path): boolean {
  return path.length === 3 && path[0] === 'endpoints' && (path[2] === 'version' || path[2] === 'name')
}

function inOrder(problems: readonly PlacedProblem[], document: ConfigDocument): readonly PlacedProblem[] {
  const order = new Map(document.files.map(({ name }, i) => [name, i]))
  const placed = problems.map((problem) => ({ problem, at: document.place(problem) }))
  placed.sort(
    ({ at: a }, { at: b }) =>
      (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.col ?? 0) - (b.col ?? 0),
  )
  return placed.map(({ problem }) => problem)
}

function versionOf({ files }: ConfigDocument): string {
  const hash = createHash('sha256')
  for (const { text } of files) hash.update(text).update('\0')
  return hash.digest('hex').slice(0, 12)
}
