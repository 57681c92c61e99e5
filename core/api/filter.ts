import type { Clock } from '../base/clock.ts'
import type { TimerWheel } from '../base/timer-wheel.ts'
import type { Endpoint, Requirement, Target } from './endpoint.ts'
import type { WeirError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import type { Logger } from './logger.ts'
import type { Meter } from './meter.ts'
import type { LocalReply, Response } from './reply.ts'
import type { ServiceKey } from './service.ts'
import type { ShareSpec } from './share.ts'
import type { Slot } from './slot.ts'
import type { StandardJSONSchemaV1, StandardSchemaV1 } from './standard-schema.ts'

export type Awaitable<T> = T | PromiseLike<T>

/** What a hook of the chain returns: nothing (go on) or a reply (stop here). */
// biome-ignore lint/suspicious/noConfusingVoidType: hooks without a return statement are the common case
export type Verdict = LocalReply | void

/** One try at the upstream. */
export interface Attempt {
  /** 1 for the first. */
  readonly number: number
  /** What `pick` chose; undefined for terminal filters without targets. */
  readonly target: Target | undefined
  /** Monotonic milliseconds. */
  readonly startedAt: number
}

/** How an attempt ended. */
export interface Outcome {
  /** `ignored`: it says nothing about the upstream (the client left, a later `admit` refused). */
  readonly result: 'success' | 'failure' | 'ignored'
  /** The upstream's status, if a head arrived. */
  readonly status: number | undefined
  readonly error: WeirError | undefined
  /** Milliseconds from the attempt's start to the response head; undefined if none came. */
  readonly headMs: number | undefined
  /** Milliseconds from the attempt's start to its end. */
  readonly totalMs: number
}

/** The record that `log` sees. */
export interface Finished {
  /** Undefined when the request could not even be parsed. */
  readonly exchange: Exchange | undefined
  /** Whom the connection is from, where there is no exchange to say it: nothing was parsed that could name another. */
  readonly peer?: string
  readonly outcome: 'completed' | 'aborted' | 'unparsed'
  /** Status sent downstream; 0 if no head was sent. */
  readonly status: number
  /** What broke the answer off or made it an error, if the gateway knows. */
  readonly error: WeirError | undefined
  /** Milliseconds since the request's head was parsed. */
  readonly durationMs: number
}

/** An exchange whose response head is there and not yet sent. */
export type ExchangeWithResponse = Exchange & { response: Response }

/** The upstream call as `upstream` hooks pass it on. */
export interface UpstreamCall {
  /** Set when the client asked to switch protocols: `websocket`. */
  readonly upgrade: string | undefined
  /**
   * Monotonic milliseconds by which the head of the answer must be there: the terminal filter gives the attempt up then, as
   * one that took too long. Undefined: only its own limits hold.
   */
  readonly deadline?: number
}

export type Next = (call: UpstreamCall) => Awaitable<Response | LocalReply>

/**
 * One step of the chain. An instance holds no request state and is shared by every chain that configures it equally.
 * Every hook is optional; see docs/life-of-a-request.md for when each runs. A hook that throws ends the request with a
 * 500 that names the filter (in `settled` and `log` it is counted and swallowed).
 */
export interface Filter {
  request?(x: Exchange): Awaitable<Verdict>
  routed?(x: Exchange): Awaitable<Verdict>
  upstream?(x: Exchange, call: UpstreamCall, next: Next): Awaitable<Response | LocalReply>
  /** Synchronous: every `admit` that returned nothing is met by exactly one `settled`. */
  admit?(x: Exchange, attempt: Attempt): Verdict
  settled?(x: Exchange, attempt: Attempt, outcome: Outcome): void
  response?(x: ExchangeWithResponse): Awaitable<Verdict>
  log?(finished: Finished): void
  /**
   * For `weir explain`, after a rehearsal: what the instance makes of this request, a short line each, without secrets.
   * Nothing is called and nothing changed for it.
   */
  explain?(x: Exchange): Iterable<string>
  /** Of a routing filter, for `weir routes`: what leads to an endpoint (`/orders`, `api.example.com/orders`). */
  patterns?(endpoint: Endpoint): readonly string[]
  /** Called once, when no snapshot uses the instance and no request leases it. */
  dispose?(): Awaitable<void>
}

/** The filter that produces the answer. Exactly one a chain. */
export interface TerminalFilter extends Filter {
  /** Chooses the target of the next attempt. `before` holds the attempts already made, oldest first. */
  pick?(x: Exchange, before: readonly Attempt[]): Target | LocalReply
  /** Makes the attempt. Rejects with a `WeirError` when there is no response; resolves when the head is there. */
  call(x: Exchange, attempt: Attempt, call: UpstreamCall): Awaitable<Response | LocalReply>
}

/** A schema for a filter's options: any implementation of Standard Schema with JSON Schema (zod 4 has both). */
export type Schema<O> = StandardSchemaV1<unknown, O> & StandardJSONSchemaV1

/** What a factory gets beside its options. */
export interface FilterEnv {
  /** The instance's name in the chain. */
  readonly name: string
  /** Set only for factories with `perEndpoint`. */
  readonly endpoint: Endpoint | undefined
  /** Folder of the configuration file: relative paths in options start there. */
  readonly baseDir: string
  /**
   * The contents of a file that an option names, relative to `baseDir`. When it changes, the next load makes the instance
   * anew. Throws in words for the operator if it can't be read.
   */
  readFile(path: string): Buffer
  /** Says at load that an option is unwise: shown with its place, and the load goes on. */
  warn(message: string): void
  readonly log: Logger
  readonly meter: Meter
  readonly clock: Clock
  readonly timers: TimerWheel
  /** Aborted when the instance is disposed. */
  readonly signal: AbortSignal
  /** A process-level part; name its key in `needs`. */
  service<T>(key: ServiceKey<T>): T
  /** Plain data that outlives a reload: see `ShareSpec`. */
  share<T>(key: string, spec: ShareSpec<T>): T
}

/** Makes the instances of one kind of filter. */
// biome-ignore lint/suspicious/noExplicitAny: a catalog holds factories of every option type
export interface FilterFactory<O = any> {
  /** Kebab case; what the YAML says. */
  readonly name: string
  readonly apiVersion: 1
  /** One sentence for `weir plugins` and the docs. */
  readonly summary?: string
  /** Without a schema the filter takes no options. */
  readonly options?: Schema<O>
  readonly terminal?: true
  /** One instance an endpoint, made with `env.endpoint`; its hooks run from `routed` on. */
  readonly perEndpoint?: true
  /**
   * Its `request`, `routed` and `pick` decide from the request and the options alone and reach nobody: `weir explain` runs
   * them. Of other filters it says that it can't know.
   */
  readonly offline?: true
  /** Slots that an earlier filter must write (checked at load). */
  readonly reads?: readonly Slot<unknown>[]
  readonly writes?: readonly Slot<unknown>[]
  /** Requirements that its `routed` guarantees: it calls `x.satisfy(…)` or replies. */
  readonly enforces?: readonly Requirement[]
  readonly needs?: readonly ServiceKey<unknown>[]
  create(options: O, env: FilterEnv): Awaitable<Filter | TerminalFilter>
}

/** Declares a filter factory. Returns it unchanged; its use is type inference and a readable plugin. */
export function defineFilter<O = Record<string, never>>(factory: FilterFactory<O>): FilterFactory<O> {
  return factory
}
