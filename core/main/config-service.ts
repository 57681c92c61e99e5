import type { Reloader } from '../../config/live/reloader.ts'
import { errorText } from '../base/error-text.ts'
import type {
  ConfigControl,
  ConfigStatus,
  DocumentCheckResult,
  DocumentDiff,
  LoadTrigger,
  ReloadOutcome,
} from '../control/config-control.ts'
import type { Problem } from '../control/config-error.ts'
import { type CheckedDocument, DocumentCheck } from './document-check.ts'
import type { DocumentPart } from './document-reports.ts'

/** What the service is made of. */
export interface ConfigParts {
  reloader(): Reloader
  /** Files that the filters of the running configuration have read, by absolute path. */
  files(): Iterable<string>
  /** Finds the problems that need the filters, where the plugins are loaded. */
  problemsOf(part: DocumentPart): Promise<readonly Problem[]>
  schema(): Promise<Readonly<Record<string, unknown>>>
}

/** The configuration that runs, and what other documents would make of it. */
export class ConfigService implements ConfigControl {
  readonly #parts: ConfigParts
  readonly #documents = new DocumentCheck()

  constructor(parts: ConfigParts) {
    this.#parts = parts
  }

  status(): Promise<ConfigStatus> {
    return this.#parts.reloader().status()
  }

  reload(trigger: LoadTrigger): Promise<ReloadOutcome> {
    return this.#parts.reloader().reload(trigger)
  }

  async validate(text: string): Promise<DocumentCheckResult> {
    const { config, problems, warnings } = await this.#check(text)
    return { valid: config !== undefined, problems, warnings }
  }

  async diff(text: string): Promise<DocumentDiff> {
    const { config, problems } = await this.#check(text)
    if (config === undefined) return { valid: false, problems, changes: [] }
    const { live } = this.#parts.reloader()
    try {
      const { liveDiff } = await import('../../config/commands/live-diff.ts')
      return { valid: true, problems, changes: (await liveDiff(live, config)).map((change) => ({ ...change })) }
    } catch (error) {
      const message = `the document could not be compared: ${errorText(error)}`
      return { valid: false, problems: [{ file: live.document.main.name, path: '', message }], changes: [] }
    }
  }

  schema(): Promise<Readonly<Record<string, unknown>>> {
    return this.#parts.schema()
  }

  #check(text: string): Promise<CheckedDocument> {
    const { settings, document } = this.#parts.reloader().live
    const plugins = settings.plugins.map(({ specifier }) => specifier)
    const submitted = { text, main: document.main.name, plugins, files: [...this.#parts.files()] }
    return this.#documents.check(submitted, (part) => {
      // The others are refused, and must not be loaded to find more problems.
      const known = part.settings.plugins.filter(({ specifier }) => plugins.includes(specifier))
      return this.#parts.problemsOf({ ...part, settings: { ...part.settings, plugins: known } })
    })
  }
}
