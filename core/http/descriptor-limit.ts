import { readFileSync } from 'node:fs'

/** Descriptors for what is no connection of a client or to an upstream: listeners, logs, files, name resolution, the admin listener. */
const KEPT = 32

/**
 * How many file descriptors the process may open: the soft limit, as Node has raised it. Undefined where the system does not say.
 * @param read reads `/proc/self/limits` (Linux)
 */
export function descriptorLimit(read = () => readFileSync('/proc/self/limits', 'latin1')): number | undefined {
  try {
    return Number(/Max open files +(\d+)/.exec(read())![1])
  } catch {
    // No such file, or no number in it: there is no limit.
    return undefined
  }
}

/** Connections of clients for which the descriptors suffice, if each causes one to an upstream. */
export const connectionsFor = (descriptors: number | undefined): number =>
  descriptors === undefined ? Infinity : Math.max(Math.floor((descriptors - KEPT) / 2), 1)

let byProcess: number | undefined

/** The default of `max_connections`. Read once: when descriptors have run out, it could not be read. */
export const defaultMaxConnections = (): number => (byProcess ??= connectionsFor(descriptorLimit()))
