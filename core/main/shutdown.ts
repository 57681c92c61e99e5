import { startTimer } from '../base/timer.ts'

/** The steps of a shutdown, in their order. */
export interface Shutdown {
  /** `/readyz` turns 503, and responses say `Connection: close`. */
  unready(): void
  /** How long to wait until load balancers have noticed; milliseconds. */
  graceMs(): number
  /** Listeners close, requests in flight finish. */
  close(): Promise<void>
  /** Writes the rest of the log; for a second signal, which exits at once. */
  flush(): void
}

/**
 * Resolves when the process has stopped.
 * @param onStop gets the function that stops it; called a second time, that exits at once
 */
export function untilStopped(shutdown: Shutdown, onStop: (stop: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false
    const stop = (): void => {
      if (stopping) {
        shutdown.flush()
        process.exit(1)
      }
      stopping = true
      shutdown.unready()
      startTimer(shutdown.graceMs(), () => shutdown.close().then(resolve, reject))
    }
    onStop(stop)
  })
}
