import { defineService, type ServiceKey } from '../api/service.ts'

/** What started a load: the start of the process, a changed file, SIGHUP, or a call of `reload`. */
export type LoadTrigger = 'start' | 'file' | 'signal' | 'api'

/** Something wrong with the configuration, or unwise about it, and its place. Plain data, for people and tools. */
export interface ConfigProblem {
  /** Name of the document. */
  readonly file: string
  /** From 1; undefined where the whole file is meant. */
  readonly line?: number | undefined
  /** From 1. */
  readonly col?: number | undefined
  /** `endpoints[0].url`, or empty. */
  readonly path: string
  /** What is wrong and what to do. */
  readonly message: string
}

/** How a reload ended. Plain data. */
export interface ReloadOutcome {
  /**
   * - `applied`: the new configuration runs.
   * - `unchanged`: the documents mean what runs already.
   * - `failed`: the problems say why. The old configuration goes on, untouched.
   */
  readonly outcome: 'applied' | 'unchanged' | 'failed'
  /** Version of the configuration that runs now. */
  readonly version: string
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  readonly duration_ms: number
}

/** State of the configuration that runs. Plain data. */
export interface ConfigStatus {
  /** Digest of the documents' text, 12 hex digits. */
  readonly version: string
  /** The main document. */
  readonly source: string
  /** Every document that belongs to it. */
  readonly files: readonly string[]
  /** When it was applied (RFC 3339). */
  readonly loaded_at: string
  readonly trigger: LoadTrigger
  /** Number of endpoints. */
  readonly endpoints: number
  readonly warnings: readonly ConfigProblem[]
  /** The last load, if it failed; null once one succeeds. */
  readonly last_failure: {
    readonly at: string
    readonly trigger: LoadTrigger
    readonly problems: readonly ConfigProblem[]
  } | null
  readonly watch: ConfigWatch
  /** Empty: all plugins run the code that is on disk. */
  readonly restart_due: readonly RestartDue[]
}

/** A plugin whose code differs from what runs: Node keeps a module as long as its process lives. Plain data. */
export interface RestartDue {
  /** As the configuration names it. */
  readonly plugin: string
  /** Numbers of the workers that run other code than is on disk. Empty: the process that loads the configuration alone does. */
  readonly workers: readonly number[]
}

/** How changes of the documents are noticed. Plain data. */
export interface ConfigWatch {
  /**
   * - `events`: the source tells of them at once.
   * - `polling`: that failed, and the source looks for them every few seconds.
   * - `off`: not at all; SIGHUP and requests to reload still load.
   */
  readonly mode: 'events' | 'polling' | 'off'
  /** Why it is not `events`; null if nothing failed. */
  readonly error: string | null
}

/** What a document that was sent is found to be. Plain data. */
export interface DocumentCheckResult {
  readonly valid: boolean
  /** Their places are those in the text. */
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

/** What a document that was sent would change. Plain data. */
export interface DocumentDiff {
  readonly valid: boolean
  readonly problems: readonly ConfigProblem[]
  /**
   * As `weir diff --json` tells them: `what`, `change`, and for some `name`, `old`, `new`, without secrets. `restart: true`: a reload refuses
   * the document because of it. Empty if it is not valid.
   */
  readonly changes: readonly Readonly<Record<string, unknown>>[]
}

/**
 * Shows, checks and reloads the configuration; for admin filters.
 *
 * ```ts
 * const { outcome, problems } = await env.service(ConfigControlKey).reload('api')
 * if (outcome === 'failed') return reply(422, 'config_invalid', { extra: { problems } })
 * ```
 */
export interface ConfigControl {
  /** Never rejects. */
  status(): Promise<ConfigStatus>
  /**
   * Loads the configuration again. Resolves when that load, or a later one, is over. What is wrong with a document is an
   * outcome, not a rejection. A filter must not wait for a reload in `create`: the load waits for `create`.
   */
  reload(trigger: LoadTrigger): Promise<ReloadOutcome>
  /**
   * Checks a document without applying it. It may come from an untrusted caller: it can have no `include` and no `${…}`, and name no plugin
   * and no file that the running configuration does not use. Nothing but the text is read, and no filter is created; so what only their
   * `create` finds out, such as a key that does not fit, is not found here. At most 4 MiB; it takes 20 s at most. Never rejects.
   */
  validate(text: string): Promise<DocumentCheckResult>
  /** What a document would change of what runs. Otherwise as `validate`. */
  diff(text: string): Promise<DocumentDiff>
  /** The JSON Schema of a configuration with the filters of all loaded plugins, as `weir print-schema` prints it. Never rejects. */
  schema(): Promise<Readonly<Record<string, unknown>>>
}

/**
 * The configuration that runs.
 *
 * @example const { version, warnings } = await env.service(ConfigControlKey).status()
 */
export const ConfigControlKey: ServiceKey<ConfigControl> = defineService('config')
