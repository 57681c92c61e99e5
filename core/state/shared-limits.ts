/** Limits of a gateway, divided between its processes. */
export interface SharedLimits {
  /**
   * This process's part of a limit, for one user of it. A later call with the same name replaces the limit.
   * @param name the same in every process
   * @param changed called when the part is another one
   */
  divide(name: string, limit: number, changed: (part: number) => void): LimitPart
}

/** What one process may use of a limit. */
export interface LimitPart {
  readonly part: number
  /** So much is in use now. Called at every change. */
  used(now: number): void
}

/** One process has all of each limit. */
export const UNDIVIDED: SharedLimits = { divide: (_, limit) => ({ part: limit, used: () => {} }) }
