import type { Problem } from '../../core/control/config-error.ts'

/** A problem that may bring its own position, which its path does not lead to: a syntax error, a repeated key, a missing file. */
export interface PlacedProblem extends Problem {
  /** Without `file` it is in the main one; `path` is the path within that file. */
  readonly position?: { readonly file?: string; readonly line?: number; readonly col?: number }
}
