import type { Problem } from '../../core/control/config-error.ts'

/** A problem whose place is not found by path: a syntax error, the second of two equal keys, a file that is missing. */
export interface PlacedProblem extends Problem {
  /** Without a file it is the main one; `path` is as that file has it. */
  readonly position?: { readonly file?: string; readonly line?: number; readonly col?: number }
}
