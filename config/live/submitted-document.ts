import { runAtOnce } from '../../core/base/time-slice.ts'
import type { Path, Problem } from '../../core/control/config-error.ts'
import { ConfigDocument } from '../document/config-document.ts'
import { ConfigFile, parseFile } from '../document/config-file.ts'
import { LocatedConfigError } from '../document/located-config-error.ts'
import type { PlacedProblem } from '../document/placed-problem.ts'
import { isMapping } from '../document/plain-data.ts'
import { type LoadedConfig, PartialConfigError, Reading } from '../read/reading.ts'
import { KnownFiles, newFiles } from './new-files.ts'

/** A document that somebody has sent, and what the running configuration allows it to name. Plain data. */
export interface Submitted {
  readonly text: string
  /** Name of the main document: it stands for its place. */
  readonly main: string
  /** Plugins of the configuration that runs. */
  readonly plugins: readonly string[]
  /** Files and folders that its filters have read, by absolute path; folders end with a slash. */
  readonly files: readonly string[]
}

/** What the reading of a submitted document found. */
export interface ReadSubmitted {
  readonly document: ConfigDocument
  readonly problems: readonly PlacedProblem[]
  readonly warnings: readonly PlacedProblem[]
  /** What could be read of it; undefined: nothing. */
  readonly part: Pick<LoadedConfig, 'spec' | 'settings'> | undefined
}

/**
 * Reads a document from outside. It may have no `include`, no references, and no plugins and files but those that are in use: whoever sends
 * it must not learn what the environment and other files hold. Nothing but the text is read.
 */
export function readSubmitted(submitted: Submitted): ReadSubmitted {
  const { text, main } = submitted
  if (text.trim() === '')
    return unread(new ConfigDocument(new ConfigFile(main)), [problemAt([], 'the document is empty')])
  const { file, problems } = runAtOnce(parseFile(text, main))
  const document = new ConfigDocument(file)
  if (problems.length > 0) return unread(document, problems)
  const reading = new Reading(document, main, undefined)
  const raw = runAtOnce(reading.plain(file))
  const refused = [...refusals(raw, submitted)]
  try {
    const { warnings, ...part } = runAtOnce(reading.interpret(raw))
    return { document, problems: refused, warnings, part: { spec: part.spec, settings: part.settings } }
  } catch (error) {
    if (!(error instanceof LocatedConfigError)) throw error
    const part = error instanceof PartialConfigError ? error.partial : undefined
    return { document, problems: [...error.problems, ...refused], warnings: [], part }
  }
}

const problemAt = (path: Path, message: string): Problem => ({ path, message })

const unread = (document: ConfigDocument, problems: readonly PlacedProblem[]): ReadSubmitted => ({
  document,
  problems,
  warnings: [],
  part: undefined,
})

function* refusals(raw: unknown, { main, plugins, files }: Submitted): Iterable<Problem> {
  if (!isMapping(raw)) return
  if (Object.hasOwn(raw, 'include'))
    yield problemAt(['include'], 'a document that is sent here can not include others: write all of it into one')
  if (Array.isArray(raw.plugins))
    for (const [i, plugin] of (raw.plugins as unknown[]).entries())
      if (typeof plugin === 'string' && !plugins.includes(plugin))
        yield problemAt(
          ['plugins', i],
          'this plugin is not loaded: only those of the running configuration can be named here',
        )
  const known = new KnownFiles(main, files)
  for (const [key, value] of Object.entries(raw))
    if (!key.startsWith('x-'))
      for (const path of newFiles(value, [key], known))
        yield problemAt(path, 'this file is not in use: only those of the running configuration can be named here')
}
