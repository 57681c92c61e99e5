import type * as z from 'zod'
import type { Awaitable, Body, Exchange, LocalReply } from '../../../core/index.ts'
import type { AdminParts } from './admin-parts.ts'

/** What a caller with an identity needs: nothing beside what the chain demands, or a role. An operator may do all that a viewer may. */
export type Access = 'open' | 'viewer' | 'operator'

/** Groups of operations, and what each is about. */
export const TAGS = {
  health: 'State of endpoints, targets and breakers',
  config: 'The configuration that runs, and candidates for it',
  registry: 'Endpoints: their entries in the configuration, and their state',
  router: 'What leads to endpoints, and whether their targets can be reached',
  stats: 'Statistics of the traffic',
  exchanges: 'The last requests, and what the gateway did with each',
  logging: 'The level of the log',
  events: 'What happens to the gateway, as it happens',
  meta: 'The process, and this API',
} as const

/** What an operation returns; `reply()` for problems. */
export interface Content {
  readonly status: number
  readonly type?: string
  /** A `Body` is a stream. */
  readonly data?: string | Uint8Array | Body
  readonly headers?: Readonly<Record<string, string>>
  /** For the log of changes: `applied`, `unchanged`. */
  readonly outcome?: string
}

/** One request, checked. */
export interface Call<Q = unknown, B = unknown> {
  readonly parts: AdminParts
  readonly x: Exchange
  /** GET for HEAD. */
  readonly method: string
  /** What stands in the path in place of `{id}`: the id of an endpoint. */
  readonly id: string
  /** The same for other parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Q
  readonly body: B
  /** What `If-Match` and `If-None-Match` of a change demand. */
  readonly only: {
    /** The configuration must have this version. */
    readonly ifVersion: string | undefined
    /** The endpoint must be there, or must not be there. */
    readonly exists: boolean | undefined
  }
}

/** One of the responses to requests that succeed. Without a schema it is text. */
export interface ResponseSpec {
  readonly about: string
  readonly schema?: z.ZodType
  /** Default: `application/json` with a schema, else `text/plain`. Empty: no body. */
  readonly type?: string
}

/** A body that an operation takes. */
export interface BodySpec<B> {
  readonly types: readonly string[]
  /** Of the JSON. Undefined: the operation gets the text as it is. */
  readonly schema?: z.ZodType<B>
  /** Bytes; beyond it 413. */
  readonly cap: number
  /** Default: true. */
  readonly required?: boolean
}

/** One operation of the API. The router, the OpenAPI document, the reference and the page at `/` are made of the table of them. */
export interface Operation<Q = unknown, B = unknown> {
  /** Camel case, for generated clients. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `{id}` is the id of an endpoint, as one segment (`orders`) or two (`v1/orders`); another name in braces is one segment. */
  readonly path: string
  readonly tag: keyof typeof TAGS
  /** One line. */
  readonly summary: string
  readonly about?: string
  readonly role: Access
  /** What other parameters of the path are. */
  readonly params?: Readonly<Record<string, string>>
  /** Undefined: the query is ignored if anybody may call it, else it must be empty. */
  readonly query?: z.ZodType<Q>
  /** Query keys that may be repeated: their value is a list. */
  readonly repeated?: readonly string[]
  readonly body?: BodySpec<B>
  /** By status. */
  readonly responses: Readonly<Record<number, ResponseSpec>>
  /** Further statuses with a problem document, and when; those that follow from the rest are added. */
  readonly problems?: Readonly<Record<number, string>>
  /** The service without which it can't work. Undefined as result: 501. */
  uses?(parts: AdminParts): unknown
  /** `version`: the response has an ETag, and `If-None-Match` counts. `change`: `If-Match` counts. */
  readonly conditional?: 'version' | 'change'
  /** It edits the configuration: `EndpointControl` may refuse it. */
  readonly edits?: boolean
  /** It changes something: a line in the log tells of it; with `first` another one before it. */
  readonly audited?: true | 'first'
  handle(call: Call<Q, B>): Awaitable<Content | LocalReply>
}

// biome-ignore lint/suspicious/noExplicitAny: the table holds operations with queries and bodies of every type
export type AnyOperation = Operation<any, any>

/** Declares an operation: returns it unchanged, with the types of its query and body inferred. */
export const operation = <Q = Record<string, never>, B = undefined>(declared: Operation<Q, B>): AnyOperation => declared
