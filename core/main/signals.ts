/** The signals of `weir run`. launch.js catches them before anything else is loaded, which takes most of a second. */
export interface Signals {
  /** Those that came before there was a process to tell. */
  readonly pending: NodeJS.Signals[]
  /** Gets SIGHUP, SIGTERM and SIGINT from now on. */
  take: ((signal: NodeJS.Signals) => void) | undefined
}

/** For a process that launch.js did not start. */
export const NO_SIGNALS: Signals = { pending: [], take: undefined }

/** Takes the signals over, those that have come first. */
export function takeSignals(signals: Signals, take: (signal: NodeJS.Signals) => void): void {
  signals.take = take
  for (const signal of signals.pending.splice(0)) take(signal)
}
