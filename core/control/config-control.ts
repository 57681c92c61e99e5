import { defineService } from '../api/service.ts'

/** What set a load off. */
export type LoadTrigger = 'start' | 'file' | 'signal' | 'api'

/** A problem as people and tools read it. */
export interface ConfigProblem {
  readonly file: string
  /** From 1; absent where the whole file is meant. */
  readonly line?: number | undefined
  readonly col?: number | undefined
  /** `endpoints[0].url`, or empty. */
  readonly path: string
  readonly message: string
}

export interface ReloadOutcome {
  /** `applied`; `unchanged`: it means what runs already; `failed`: what runs goes on untouched. */
  readonly outcome: 'applied' | 'unchanged' | 'failed'
  /** Version of what runs now. */
  readonly version: string
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  readonly duration_ms: number
}

/** What the process runs on, as JSON. */
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
  readonly endpoints: number
  readonly warnings: readonly ConfigProblem[]
  /** The last load, if it failed; null once one succeeds. */
  readonly last_failure: {
    readonly at: string
    readonly trigger: LoadTrigger
    readonly problems: readonly ConfigProblem[]
  } | null
}

/** The configuration, as the admin listener shows it and has it loaded again. */
export interface ConfigControl {
  status(): ConfigStatus
  /** Resolves when the load that it set off, or one that began later, is over. Never rejects for what a document says. */
  reload(trigger: LoadTrigger): Promise<ReloadOutcome>
}

export const ConfigControlKey = defineService<ConfigControl>('config')
