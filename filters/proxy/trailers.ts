import { type Exchange, HeaderList } from '../../core/index.ts'
import { endToEndFields, type RawFields, valuesOf } from './response-head.ts'

/** Fields that a trailer section must not hold: framing, routing, credentials, control, format (RFC 9110 §6.5.1). */
const MISPLACED = new Set([
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expires',
  'host',
  'location',
  'proxy-authenticate',
  'proxy-authorization',
  'retry-after',
  'set-cookie',
  'vary',
  'www-authenticate',
])

/**
 * Whether the client gets the trailer fields of a response without a length: it uses HTTP/1.1 and sent `TE: trailers`, and the
 * response has a body (RFC 9110 §6.5.1, §10.1.4; RFC 9112 §7.1.2).
 */
export function takesTrailers({ request: { httpVersion, method }, downstream }: Exchange, status: number): boolean {
  return downstream.takesTrailers && httpVersion === '1.1' && method !== 'HEAD' && status !== 204 && status !== 304
}

/** Trailer fields for the client; undefined if there are none. */
export function trailerFields(raw: RawFields | null): HeaderList | undefined {
  const fields: string[] = []
  for (const [name, value] of endToEndFields(raw ?? []))
    if (!MISPLACED.has(name.toLowerCase())) fields.push(name, value)
  return fields.length === 0 ? undefined : HeaderList.fromWire(fields)
}

/** Values of `Trailer`, which announce trailer fields (RFC 9110 §6.6.2). */
export const announcedTrailers = (raw: RawFields): string[] => valuesOf(raw, 'trailer')
