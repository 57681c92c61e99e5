/** What shutting down is made of, in the order in which it happens. */
export interface Shutdown {
  /** `/readyz` turns 503; answers ask clients not to keep their connections. */
  unready(): void
  /** How long load balancers get to notice; milliseconds. */
  graceMs(): number
  /** Listeners close, requests in flight finish. */
  close(): Promise<void>
  /** Writes what is left of the log, before an exit at once. */
  flush(): void
}

/** Resolves when the process was asked to stop and has: SIGTERM or SIGINT. A second signal exits at once. */
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
