import { CLIENT_CLAIMS, CONNECTION_FIELDS, isForAllHops, nominate, withoutNominated } from '../api/connection-fields.ts'
import type { SetField } from '../api/set-field.ts'
import { FieldKinds } from '../base/field-kinds.ts'
import { equalsIgnoreCase, trimOws } from '../base/tokens.ts'

/** What the configuration says of the fields that clients send. */
export interface ClientHeaderRules {
  /** What becomes of names with underscores. */
  readonly underscores: 'drop' | 'allow' | 'refuse'
  /** Fields that pass although the peer is not trusted. */
  readonly keep: readonly string[]
  /** Fields that are removed from every request. */
  readonly remove: readonly string[]
}

export const DEFAULT_CLIENT_HEADERS: ClientHeaderRules = { underscores: 'drop', keep: [], remove: [] }

/** What the engine needs of the fields of a request, and what it leaves of them. */
export interface ReceivedFields {
  /** Names and values in turn: what filters see. The array that came, if nothing was removed. */
  fields: string[]
  /** The last `Host`; empty if there is none. */
  host: string
  hosts: number
  /** Length of the body by `Content-Length`, 0 without it. Undefined: chunked. */
  length: number | undefined
  /** The last `Transfer-Encoding`, and how many there are. */
  coding: string
  codings: number
  /** No `Expect` but `100-continue`. */
  expected: boolean
  /** `TE: trailers` came (RFC 9110 §10.1.4). */
  takesTrailers: boolean
  /** A name has an underscore, and that is refused. */
  underscore: boolean
}

const PASS = 0
const DROP = 1
/** Removed unless the peer is trusted. */
const CLAIM = 2
/** Passes, whatever a shorter name with `*` says. */
const KEEP = 3
const CONNECTION = 4
const TE = 5
const EXPECT = 6
const CODING = 7
const HOST = 8
const LENGTH = 9

/** Removed from every request. `Proxy` becomes `HTTP_PROXY` in CGI, which many programs obey (CVE-2016-5385). */
const ALWAYS = [...CONNECTION_FIELDS, 'Proxy', 'Proxy-Authorization']

/** The gateway writes them itself. */
const WRITTEN = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip']

/** What the gateway itself needs: for the route, for the body, and to notice a request that comes back (RFC 9110 §7.6.3). */
const NEEDED = ['host', 'content-length', 'via']

/** The kinds of names in any case. Where one has another character than letters, digits and `-`, what reads like it is dropped. */
function kindsOf(names: readonly string[], kind: number): Record<string, number> {
  const kinds: Record<string, number> = {}
  for (const name of names) kinds[plain(name)] = DROP
  for (const name of names) kinds[name.toLowerCase()] = kind
  return kinds
}

const OTHER = /[^\dA-Za-z-]/

/**
 * A name as CGI and the like read it: `_` and `-` are the same (RFC 3875 §4.1.18), to some servers every character but letters and
 * digits (lighttpd, Apache 2.2). A `*` at the end stays: it stands for any rest.
 */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\da-z*]|\*(?!$)/g, '-')

const claims = new FieldKinds(kindsOf(CLIENT_CLAIMS, CLAIM))
const written = new FieldKinds(kindsOf(WRITTEN, DROP))
const needed = new FieldKinds(kindsOf(NEEDED, DROP))

/** Why `client_headers.keep` can't have this name; undefined if it can. */
export function whyNotKept(name: string): string | undefined {
  if (written.of(name) !== 0)
    return 'the gateway writes this field itself; list the proxy that may send it in trusted_proxies'
  if (claims.of(name) !== 0 || CLIENT_CLAIMS.includes(name.toLowerCase())) return undefined
  return 'this field is not one that is removed from clients that are not trusted'
}

/** Why `client_headers.remove` can't have this name; undefined if it can. */
export const whyNotRemoved = (name: string): string | undefined =>
  needed.of(name) === 0 ? undefined : 'the gateway itself needs this field'

/**
 * Cleans the fields of requests before the first filter, so that what a client sends is not taken for what a proxy or a filter
 * says (RFC 9110 §7.6.1, RFC 7239 §8.1, RFC 3875 §4.1.18).
 */
export class ClientHeaders {
  readonly #kinds: FieldKinds
  readonly #underscores: ClientHeaderRules['underscores']
  /** Fields of filters, which can't be nominated. */
  readonly #own: FieldKinds

  /** @param sets what the filters of the chain set */
  constructor({ underscores, keep, remove }: ClientHeaderRules, sets: readonly SetField[]) {
    const keptFor = (who: SetField['keep']): string[] =>
      sets.filter((field) => (field.keep ?? 'nobody') === who).map(({ name }) => name)
    this.#underscores = underscores
    // What stands further down counts.
    const table = {
      ...kindsOf(CLIENT_CLAIMS, CLAIM),
      ...kindsOf(keep, KEEP),
      ...kindsOf(WRITTEN, CLAIM),
      ...kindsOf(keptFor('anyone'), KEEP),
      ...kindsOf(keptFor('trusted'), CLAIM),
    }
    const dropped = kindsOf([...keptFor('nobody'), ...remove], DROP)
    const drops = new FieldKinds(dropped)
    // A longer name would go before one with `*` that covers it.
    for (const name of Object.keys(table)) if (drops.of(name.replace(/\*$/, '')) !== 0) table[name] = DROP
    this.#kinds = new FieldKinds({
      ...table,
      ...dropped,
      ...kindsOf(ALWAYS, DROP),
      connection: CONNECTION,
      te: TE,
      expect: EXPECT,
      'transfer-encoding': CODING,
      host: HOST,
      'content-length': LENGTH,
      via: PASS,
    })
    this.#own = new FieldKinds(
      kindsOf(
        sets.map(({ name }) => name),
        DROP,
      ),
    )
  }

  /**
   * Reads and cleans the fields of one request, in one pass. Runs for every request; it makes no array if nothing is removed.
   * @param raw names and values in turn, left as they are
   * @param trusted whether the peer is a trusted proxy
   * @param into where the result goes
   */
  read(raw: string[], trusted: boolean, into: ReceivedFields): void {
    let kept: string[] | undefined
    let nominated: Set<string> | undefined
    let twins: ReadonlySet<string> | undefined
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!
      const value = raw[i + 1]!
      let removed = false
      switch (this.#kinds.of(name)) {
        case PASS:
          // It costs 0.2 µs a request (measured).
          if (!OTHER.test(name)) break
          removed = this.#underscores !== 'allow' && name.includes('_')
          into.underscore ||= removed && this.#underscores === 'refuse'
          if (removed) break
          twins ??= twinsOf(raw)
          removed = this.#isTwin(name, twins)
          break
        case KEEP:
          break
        case HOST:
          into.host = value
          into.hosts++
          break
        case LENGTH:
          into.length = Number(value)
          break
        case CLAIM:
          removed = !trusted
          break
        case CONNECTION:
          removed = true
          nominated = nominate(value, nominated)
          break
        case TE:
          removed = true
          into.takesTrailers ||= hasTrailers(value)
          break
        case EXPECT:
          removed = true
          into.expected &&= equalsIgnoreCase(value, '100-continue')
          break
        case CODING:
          removed = true
          into.coding = value
          into.codings++
          break
        default:
          removed = true
      }
      if (removed) kept ??= raw.slice(0, i)
      else if (kept !== undefined) kept.push(name, value)
    }
    if (into.codings > 0) into.length = undefined
    into.fields = nominated === undefined ? (kept ?? raw) : this.#withoutNominated(kept ?? raw, nominated)
  }

  #withoutNominated(fields: string[], nominated: Set<string>): string[] {
    for (const name of nominated) if (this.#own.of(name) !== 0) nominated.delete(name)
    return withoutNominated(fields, nominated.size === 0 ? undefined : nominated)
  }

  /**
   * Whether CGI, WSGI and the like make one variable of this name and of another: of a field that is cleaned or that counts, or of
   * one that came beside it (RFC 3875 §4.1.18, RFC 9110 §17.10).
   */
  #isTwin(name: string, twins: ReadonlySet<string>): boolean {
    const read = plain(name)
    return this.#kinds.of(read) !== 0 || isForAllHops(read) || twins.has(read)
  }
}

/** Names, with hyphens, that read like another name of the same request. */
function twinsOf(raw: readonly string[]): ReadonlySet<string> {
  const first = new Map<string, string>()
  const twins = new Set<string>()
  for (let i = 0; i < raw.length; i += 2) {
    const lower = raw[i]!.toLowerCase()
    const read = plain(lower)
    const before = first.get(read)
    if (before === undefined) first.set(read, lower)
    else if (before !== lower) twins.add(read)
  }
  return twins
}

const hasTrailers = (value: string): boolean =>
  value.split(',').some((coding) => trimOws(coding).toLowerCase() === 'trailers')
