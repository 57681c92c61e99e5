import type { Ambiguity } from '../api/endpoint.ts'

const AMBIGUOUS = /\/\/|;|%(?:2F|3B)/

/** Whether upstreams read the path in different ways. @param path normal form */
export const isAmbiguous = (path: string): boolean => AMBIGUOUS.test(path)

const decoded = (path: string): string => path.replaceAll('%2F', '/').replaceAll('%3B', ';')
const cut = (path: string): string => path.replace(/;[^/]*/g, '')
const merged = (path: string): string => path.replace(/\/{2,}/g, '/')

/**
 * The other readings of a path: `%2F` and `%3B` decoded or not, `;parameters` cut or not, `//` merged or not. Servers do each of these, in
 * this order, or not (RFC 3986 leaves it to them). Sometimes the path itself is among them.
 * @param path normal form
 * @param trusted what the upstream is known to read as it is written
 */
export function readingsOf(path: string, trusted: readonly Ambiguity[] = []): readonly string[] {
  const steps: readonly (readonly [Ambiguity, (path: string) => string])[] = [
    ['encoded_slash', decoded],
    ['path_parameter', cut],
    ['empty_segment', merged],
  ]
  let readings = [path]
  for (const [ambiguity, read] of steps)
    if (!trusted.includes(ambiguity)) readings = [...new Set([...readings, ...readings.map(read)])]
  return readings
}

const DOTS = /\/\.{1,2}(?:\/|$)/

/** Whether a reading climbs: it has a dot segment that the path itself has not. */
export const climbs = (reading: string): boolean => DOTS.test(reading)
