import { isDeepStrictEqual } from 'node:util'
import type { ConfigProblem } from '../../core/control/config-control.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { ChangeRefusal } from '../../core/control/endpoint-control.ts'
import type { EndpointSpec } from '../../core/control/gateway-spec.ts'
import { formatPath } from '../document/format-path.ts'
import { isMapping, type Mapping } from '../document/plain-data.ts'
import { filesIn, KnownFiles, newFiles } from '../live/new-files.ts'
import type { LoadedConfig } from '../read/reading.ts'
import { addEndpoint, changeEndpoint, removeEndpoint } from './endpoint-list.ts'
import { DataError } from './given-data.ts'
import { mergePatch, refuseMasked } from './merge.ts'
import { UneditableError } from './splice.ts'

/** A change that is refused. */
export class RefusedError extends Error {
  readonly reason: ChangeRefusal
  readonly problems: readonly ConfigProblem[]

  constructor(reason: ChangeRefusal, problems: readonly ConfigProblem[]) {
    super(problems.map(({ message }) => message).join('\n'))
    this.reason = reason
    this.problems = problems
  }
}

/** A change of one file, and the endpoints that are wanted after it. */
export interface Edit {
  readonly file: string
  readonly before: string
  readonly text: string
  /** The index of the endpoint among all endpoints after the change; undefined if it was removed. */
  readonly index: number | undefined
  /** All entries after the change. */
  readonly entries: readonly unknown[]
}

/** Makes an edit of a configuration. Throws errors that `refusalOf` knows. */
export type Operation = (config: LoadedConfig) => Edit

export function registering(entry: unknown): Operation {
  return (config) => {
    const { entries, document, spec } = config
    if (!isMapping(entry)) throw new DataError([], 'expected an endpoint: an object with name and url')
    const id = idOf(entry)
    if (spec.endpoints.some(({ endpoint }) => endpoint.id === id))
      throw new RefusedError('exists', [
        { file: document.main.name, path: '', message: `the endpoint "${id}" exists already` },
      ])
    refuseMasked(entry)
    const included =
      document.files.length === 1 ? -1 : entries.findIndex((_, i) => placeOf(config, i).file !== document.main)
    const index = included === -1 ? entries.length : included
    const { text } = document.main
    return {
      file: document.main.name,
      before: text,
      text: addEndpoint(text, entry),
      index,
      entries: entries.toSpliced(index, 0, labelled(entry)),
    }
  }
}

/** @param patchOf returns the patch for the endpoint as it is configured now */
export function changing(id: string, patchOf: (found: EndpointSpec, entry: Mapping) => unknown): Operation {
  return (config) => {
    const found = find(config, id)
    const index = Number(found.at[1])
    const entry = config.entries[index] as Mapping
    const patch = patchOf(found, entry)
    if (!isMapping(patch)) throw new DataError([], 'expected a patch: an object with the keys to change')
    const { file, local } = placeOf(config, index)
    const { edits, result } = mergePatch(entry, patch, found.at, config.document)
    return {
      file: file.name,
      before: file.text,
      text: changeEndpoint(file.text, local, edits),
      index,
      entries: config.entries.with(index, labelled(result)),
    }
  }
}

export function removing(id: string): Operation {
  return (config) => {
    const index = Number(find(config, id).at[1])
    const { file, local } = placeOf(config, index)
    return {
      file: file.name,
      before: file.text,
      text: removeEndpoint(file.text, local),
      index: undefined,
      entries: config.entries.toSpliced(index, 1),
    }
  }
}

/**
 * Throws if the entry names files that neither it nor another has named before: whoever sends it must not learn what files hold.
 * @param inUse files that filters have read, by absolute path
 */
export function checkFiles({ index, entries }: Edit, before: LoadedConfig, inUse: Iterable<string>): void {
  if (index === undefined) return
  const main = before.document.main.name
  const inUseHere = new KnownFiles(main, inUse)
  const named = new Set(before.entries.flatMap((entry) => filesIn(entry)))
  const known = { has: (path: string): boolean => named.has(path) || inUseHere.has(path) }
  for (const path of newFiles(entries[index], [], known))
    throw new DataError(path, 'this file is not in use: only the document itself can name a new file')
}

/** Throws if the edited configuration does not mean what was wanted, or if anything else has changed. */
export function checkMeaning(edit: Edit, before: LoadedConfig, after: LoadedConfig): void {
  if (
    !isDeepStrictEqual(edit.entries, after.entries) ||
    !isDeepStrictEqual(before.spec.listeners, after.spec.listeners)
  )
    throw new UneditableError("it is written in a way that can't be edited automatically")
}

/** The refusal for an error; undefined for an unexpected one. */
export function refusalOf(error: unknown, file: string): RefusedError | undefined {
  if (error instanceof RefusedError) return error
  if (error instanceof DataError)
    return new RefusedError('invalid', [{ file, path: formatPath(error.path), message: error.message }])
  if (!(error instanceof UneditableError)) return undefined
  const message = `the file has to be edited by hand: ${error.message}`
  return new RefusedError('not_writable', [{ file, path: '', message }])
}

function find({ spec, document }: LoadedConfig, id: string): EndpointSpec {
  const found = spec.endpoints.find(({ endpoint }) => endpoint.id === id)
  if (found !== undefined) return found
  const message = `there is no endpoint ${JSON.stringify(id.slice(0, 100))}`
  throw new RefusedError('not_found', [{ file: document.main.name, path: '', message }])
}

/** The file of an entry, and its index in that file. */
function placeOf({ document }: LoadedConfig, index: number) {
  const at: Path = ['endpoints', index]
  const { file, path } = document.place({ path: at, message: '' })
  return { file: document.files.find((one) => one.name === file)!, local: Number(path[1]) }
}

const idOf = ({ name, version }: Mapping): string => (version === undefined ? `${name}` : `${version}/${name}`)

/** Numbers as names and versions become texts, as in reading. */
function labelled(entry: Mapping): Mapping {
  const text = (key: string): Mapping => (typeof entry[key] === 'number' ? { [key]: String(entry[key]) } : {})
  return { ...entry, ...text('name'), ...text('version') }
}
