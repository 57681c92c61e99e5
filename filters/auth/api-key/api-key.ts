import type { Identity } from '../../../core/index.ts'
import type { KeyEntry } from './key-entry.ts'
import type { HashKind, KeyHash } from './key-hash.ts'

/** A key of the list. Immutable. */
export class ApiKey {
  readonly id: string
  readonly kind: HashKind
  readonly digest: Buffer
  readonly disabled: boolean
  /** Milliseconds since the epoch, from which on it is refused; Infinity: never. */
  readonly expires: number
  /** Ids or names, as written. Undefined: all. */
  readonly endpoints: ReadonlySet<string> | undefined
  readonly #entry: KeyEntry
  #identity: Identity | undefined

  constructor(entry: KeyEntry, { kind, digest }: KeyHash) {
    this.id = entry.id
    this.kind = kind
    this.digest = digest
    this.disabled = entry.disabled
    // A date without a time is that day's beginning in UTC (ECMAScript, Date.parse).
    this.expires = entry.expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(entry.expires)
    this.endpoints = entry.endpoints && new Set(entry.endpoints)
    this.#entry = entry
  }

  /** Deeply frozen: every request with the key shares it. Made when it is first used, because most of 100,000 keys are not. */
  get identity(): Identity {
    this.#identity ??= identityOf(this.#entry)
    return this.#identity
  }
}

function identityOf({ id, owner, roles, scopes }: KeyEntry): Identity {
  return Object.freeze({
    subject: owner ?? id,
    scheme: 'api_key',
    roles: Object.freeze([...roles]),
    scopes: Object.freeze([...scopes]),
    claims: Object.freeze({ key_id: id, ...(owner !== undefined && { owner }) }),
  })
}
