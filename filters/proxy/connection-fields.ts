import { equalsIgnoreCase } from '../../core/index.ts'

// Fields that belong to one connection, whichever way the message goes (RFC 9110 §7.6.1).

/** What a proxy does with a field. Further kinds, from 3 up, belong to one direction. */
export const PASS = 0
/** Belongs to the connection, or is written by the gateway. */
export const DROP = 1
/** Nominates further fields that belong to the connection. */
export const CONNECTION = 2

/** By name in lower case. */
export const CONNECTION_FIELDS: Readonly<Record<string, number>> = {
  connection: CONNECTION,
  'keep-alive': DROP,
  'proxy-connection': DROP,
  te: DROP,
  trailer: DROP,
  'transfer-encoding': DROP,
  upgrade: DROP,
  // Of a request, the gateway answers it when the body is first read (RFC 9110 §10.1.1), and undici refuses it. In a response
  // it means nothing, but Node would send the head at once, and in UTF-8.
  expect: DROP,
}

/** Fields that `Connection` can't nominate: framing, routing, credentials, forwarding, tracing. */
const PROTECTED = new Set([
  'host',
  'authorization',
  'cookie',
  'content-length',
  'content-type',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'via',
  'traceparent',
  'tracestate',
  'x-request-id',
  'set-cookie',
])

/**
 * Looks up the kind of a field. This runs for every field of every message, so it compares the length and the first letter
 * before the name: to hash or lower-case each name cost 2 % of a request.
 */
export class FieldKinds {
  readonly #byLength: (readonly (readonly [lower: string, first: number, kind: number])[] | undefined)[] = []
  readonly #variables: number | undefined

  /**
   * @param table kinds by name in lower case
   * @param variables kind whose names are also recognised with underscores
   */
  constructor(table: Readonly<Record<string, number>>, variables?: number) {
    this.#variables = variables
    for (const [lower, kind] of Object.entries(table)) {
      const entry = [lower, lower.charCodeAt(0), kind] as const
      this.#byLength[lower.length] = [...(this.#byLength[lower.length] ?? []), entry]
    }
  }

  of(name: string): number {
    const candidates = this.#byLength[name.length]
    if (candidates === undefined) return PASS
    const first = name.charCodeAt(0) | 0x20
    for (const [lower, letter, kind] of candidates) {
      if (letter !== first) continue
      if (equalsIgnoreCase(name, lower) || (kind === this.#variables && sameVariable(name, lower))) return kind
    }
    return PASS
  }
}

/** Whether CGI makes one variable of two names of equal length: `X_Forwarded_For` becomes the real one (RFC 3875 §4.1.18). */
function sameVariable(name: string, lower: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i)
    const wanted = lower.charCodeAt(i)
    if ((c | 0x20) !== wanted && !(c === UNDERSCORE && wanted === HYPHEN)) return false
  }
  return true
}

const UNDERSCORE = 0x5f
const HYPHEN = 0x2d

/** Adds the names that a `Connection` field nominates, except protected ones. */
export function nominate(value: string, nominated: Set<string> | undefined): Set<string> | undefined {
  if (value === 'keep-alive' || value === 'close') return nominated
  for (const token of value.split(',')) {
    const name = token.trim().toLowerCase()
    if (name === '' || name === 'keep-alive' || name === 'close' || PROTECTED.has(name)) continue
    nominated ??= new Set()
    nominated.add(name)
  }
  return nominated
}

/**
 * Fields except those that `Connection` nominated.
 * @param fields flat list of names and values
 */
export function withoutNominated(fields: string[], nominated: ReadonlySet<string> | undefined): string[] {
  if (nominated === undefined) return fields
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    if (!nominated.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!)
  }
  return kept
}
