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

/** Resolves when the process has stopped after SIGTERM or SIGINT. A second signal exits at once. */
export function untilStopped(shutdown: Shutdown): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false
    const stop = (): void => {
      if (stopping) {
        shutdown.flush()
        process.exit(1)
      }
      stopping = true
      shutdown.unready()
      setTimeout(() => shutdown.close().then(resolve, reject), shutdown.graceMs())
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
