import type { Ambiguity } from '../api/endpoint.ts'

const AMBIGUOUS = /\/\/|;|%(?:2F|3B)/

/** Whether upstreams read the path in different ways. @param path normal form */
export const isAmbiguous = (path: string): boolean => AMBIGUOUS.test(path)

const READ: Readonly<Record<Ambiguity, readonly ((path: string) => string)[]>> = {
  encoded_slash: [(path) => path.replaceAll('%2F', '/')],
  path_parameter: [(path) => path.replaceAll('%3B', ';'), (path) => path.replace(/;[^/]*/g, '')],
  empty_segment: [(path) => path.replace(/\/{2,}/g, '/')],
}

/**
 * The other readings of a path: `%2F` and `%3B` decoded or not, `;parameters` cut or not, `//` merged or not. Servers do each of these or
 * not, in whatever order: some cut before they decode, others after (RFC 3986 leaves it to them).
 * @param path normal form
 * @param trusted what the upstream is known to read as it is written
 * @returns undefined if there are too many
 */
export function readingsOf(path: string, trusted: readonly Ambiguity[] = []): readonly string[] | undefined {
  const reads = (Object.keys(READ) as Ambiguity[]).filter((one) => !trusted.includes(one)).flatMap((one) => READ[one])
  const readings = new Set([path])
  // What is added is visited, too. It ends: each step makes the path shorter, or leaves it alone.
  for (const reading of readings) {
    for (const read of reads) readings.add(read(reading))
    if (readings.size > MOST) return undefined
  }
  readings.delete(path)
  return [...readings]
}

const NONE: readonly never[] = []

/**
 * How else servers may read a path: whoever decides by a path decides for each of them, and refuses the request where they disagree.
 *
 * ```ts
 * const path = normalPath(x.request.path)
 * const others = typeof path === 'string' ? otherReadings(path, x.endpoint?.allowAmbiguous) : undefined
 * if (others === undefined) return reply(400, 'path_ambiguous')
 * ```
 * @param path normal form
 * @param trusted what the upstream is known to read as it is written
 * @returns normal forms, none for nearly every path; undefined if nobody can decide: there are too many, or one leads out of its folder
 */
export function otherReadings(path: string, trusted?: readonly Ambiguity[]): readonly string[] | undefined {
  if (!isAmbiguous(path)) return NONE
  const readings = readingsOf(path, trusted)
  return readings?.some(climbs) ? undefined : readings
}

/** Of more readings than any server's nobody looks at each: a client makes them up. */
const MOST = 24

const DOTS = /\/\.{1,2}(?:\/|$)/

/** Whether a reading climbs: it has a dot segment that the path itself has not. */
export const climbs = (reading: string): boolean => DOTS.test(reading)
