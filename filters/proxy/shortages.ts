import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import { type Clock, Counter, type FilterEnv, type Logger } from '../../core/index.ts'

/** Codes of what the gateway itself has run out of: descriptors of the process or the system, buffers, ports for connections. */
const CODES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL'])

/** One line of the log per code in this time; milliseconds. */
const LOG_MS = 10_000

/**
 * The code if an error is about something that the gateway has run out of, which says nothing about the upstream. Of several addresses
 * that were tried, all must have failed so: where there is no IPv6, `::1` fails with EADDRNOTAVAIL, and `127.0.0.1` decides.
 */
export function shortageOf(error: unknown): string | undefined {
  const { code, errors } = error as { code?: string; errors?: unknown }
  if (!CODES.has(code)) return undefined
  return Array.isArray(errors) && errors.some((each) => shortageOf(each) === undefined) ? undefined : code
}

/** The error if no file can be opened. Resolvers report a lack of descriptors as a name that does not resolve. */
export function descriptorsError(): Error | undefined {
  try {
    closeSync(openSync(devNull, 'r'))
    return undefined
  } catch (error) {
    return shortageOf(error) === undefined ? undefined : (error as Error)
  }
}

/** Counts what the gateway has run out of, and logs it now and then. */
export class Shortages {
  readonly #counter = new Counter<'code'>()
  readonly #logged = new Map<string, number>()
  readonly #clock: Clock
  readonly #log: Logger
  readonly close: () => void

  constructor({ clock, log, meter }: Pick<FilterEnv, 'clock' | 'log' | 'meter'>) {
    this.#clock = clock
    this.#log = log
    this.close = meter.register({
      name: 'weir_shortages_total',
      help: 'Connections to upstreams that failed because the gateway itself had run out of descriptors, buffers or ports.',
      type: 'counter',
      collect: () => this.#counter.samples(),
    })
  }

  /** A connection failed. @returns whether the gateway itself was to blame */
  note(error: unknown): boolean {
    const code = shortageOf(error)
    if (code === undefined) return false
    this.#counter.add({ code })
    const now = this.#clock.now()
    if (now - (this.#logged.get(code) ?? -Infinity) < LOG_MS) return true
    this.#logged.set(code, now)
    this.#log.error({ code }, ADVICE[code] ?? 'the system has no buffers left for connections')
    return true
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  EMFILE:
    'the gateway can open no more connections: raise its limit of open files (ulimit -n), or lower max_connections',
  ENFILE: 'the system can open no more files: raise fs.file-max',
  EADDRNOTAVAIL:
    'no ports are left for connections to upstreams: raise keep_alive of proxy, so that connections are used again',
}
