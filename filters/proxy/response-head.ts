import { STATUS_CODES } from 'node:http'
import {
  CONNECTION_FIELDS,
  type Exchange,
  equalsIgnoreCase,
  FieldKinds,
  HeaderList,
  nominate,
  WeirError,
  withoutNominated,
} from '../../core/index.ts'
import { FieldNames } from './field-names.ts'
import type { ResponseMapping } from './response-mapping.ts'

/** Raw header fields as undici hands them over: a flat list of names and values. */
export type RawFields = readonly (Buffer | string)[]

const PASS = 0
const DROP = 1
/** Nominates further fields that belong to the connection. */
const CONNECTION = 2
/** How the body is framed on its connection. */
const CODING = 3
/** Says where something is on the upstream's side. */
const LOCATION = 4
const SET_COOKIE = 5

const KINDS = new FieldKinds({
  ...Object.fromEntries(CONNECTION_FIELDS.map((name) => [name, DROP])),
  connection: CONNECTION,
  'transfer-encoding': CODING,
  location: LOCATION,
  'content-location': LOCATION,
  'set-cookie': SET_COOKIE,
})

const NAMES = new FieldNames(KINDS)

/** Characters that a reason phrase can't hold (RFC 9112 §4). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
const CONTROLS = /[\0-\x08\x0a-\x1f\x7f]/

/** Fields of a final response for the client, or the error of its head. */
export function responseFields(
  raw: RawFields,
  status: number,
  reason: string,
  mapping?: ResponseMapping,
  x?: Exchange,
): HeaderList | WeirError {
  if (reason !== STATUS_CODES[status] && CONTROLS.test(reason))
    return protocolError('control characters in the status line')
  const headers = downstreamFields(raw, mapping, x)
  if (headers === undefined) return protocolError('a transfer coding other than chunked')
  if (status === 204) headers.delete('content-length') // RFC 9110 §8.6: it has none
  return headers
}

/** Fields of an interim response (RFC 9110 §15.2) for the client, or the error of its head. */
export function interimFields(raw: RawFields, status: number): HeaderList | WeirError {
  if (status < 100) return protocolError('no status code')
  // undici reports a 101 here if it names no protocol (RFC 9110 §7.8).
  if (status === 101) return protocolError('a switch to nothing')
  return downstreamFields(raw) ?? new HeaderList()
}

/**
 * Fields of a 101 for the client, or the error of its head.
 * @param offered the protocols that were offered, joined by `, `
 * @param chosen the one that the upstream names
 */
export function switchFields(
  raw: RawFields,
  offered: unknown,
  chosen: string | string[] | undefined,
  mapping?: ResponseMapping,
  x?: Exchange,
): HeaderList | WeirError {
  const protocol = String(chosen)
  // RFC 9110 §7.8: a server can't switch to what was not offered.
  if (!String(offered).toLowerCase().split(', ').includes(protocol.toLowerCase()))
    return protocolError('a switch to a protocol that was not offered')
  const headers = downstreamFields(raw, mapping, x)
  if (headers === undefined) return protocolError('a transfer coding in a 101')
  headers.add('Connection', 'Upgrade')
  headers.add('Upgrade', protocol)
  return headers
}

/** Fields that belong to no connection, with their values. */
export function* endToEndFields(raw: RawFields): Iterable<readonly [name: string, value: string]> {
  for (let i = 0; i < raw.length; i += 2) {
    const name = latin1(raw[i]!)
    if (KINDS.of(name) === PASS) yield [name, latin1(raw[i + 1]!)]
  }
}

/** Values of a field, in order. */
export function valuesOf(raw: RawFields, lower: string): string[] {
  const values: string[] = []
  for (let i = 0; i < raw.length; i += 2) if (equalsIgnoreCase(latin1(raw[i]!), lower)) values.push(latin1(raw[i + 1]!))
  return values
}

/**
 * Fields of an upstream response without those of its connection, and with `Via`. Undefined if its body is coded in anything
 * but one `chunked`: undici removes that coding, and any other would lose its name with the field (RFC 9112 §6.1).
 */
function downstreamFields(raw: RawFields, mapping?: ResponseMapping, x?: Exchange): HeaderList | undefined {
  const fields: string[] = []
  let coded = false
  let nominated: Set<string> | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const bytes = raw[i]!
    const { name, kind } = typeof bytes === 'string' ? { name: bytes, kind: KINDS.of(bytes) } : NAMES.of(bytes)
    if (kind === PASS) fields.push(name, latin1(raw[i + 1]!))
    else if (kind === CONNECTION) nominated = nominate(latin1(raw[i + 1]!), nominated)
    else if (kind === CODING) {
      if (coded || !equalsIgnoreCase(latin1(raw[i + 1]!), 'chunked')) return undefined
      coded = true
    } else if (kind !== DROP) {
      const value = latin1(raw[i + 1]!)
      if (mapping === undefined) fields.push(name, value)
      else fields.push(name, kind === LOCATION ? mapping.location(value, x!) : mapping.setCookie(value, x!))
    }
  }
  const kept = withoutNominated(fields, nominated)
  kept.push('Via', '1.1 weir')
  return HeaderList.fromWire(kept)
}

const latin1 = (bytes: Buffer | string): string => (typeof bytes === 'string' ? bytes : bytes.toString('latin1'))

const protocolError = (why: string): WeirError => new WeirError('upstream_protocol_error', why)

/** Bytes of a response body, if they are known. The head may say how many there would be (RFC 9110 §8.6). */
export const lengthOf = (declared: string | undefined, method: string, status: number): number | undefined =>
  method === 'HEAD' || status === 204 || status === 304 ? 0 : declared === undefined ? undefined : Number(declared)
