import type { ChainSetup } from '../run/chain-setup.ts'
import type { HookName } from '../run/hook-verdict.ts'
import type { RunInput } from '../run/run-input.ts'
import type { TestRequest } from '../test-exchange.ts'

/** What a filter is checked with. All of it may be left out. */
export interface ConformSetup
  extends Pick<ChainSetup, 'options' | 'endpoint' | 'services' | 'baseDir'>,
    Pick<RunInput, 'identity' | 'slots'> {
  /** A request that the filter lets pass, if `GET /` is none: with its token, on a path that is routed. */
  readonly request?: TestRequest
  /** Hooks that may return a promise for such a request; `true` for all that may wait at all. Default: none. */
  readonly async?: boolean | readonly HookName[]
  /** Header fields, of requests or responses, that may differ from one request to the next equal one: `['RateLimit']`. */
  readonly varies?: readonly string[]
}

/** The rules, in the order in which they are checked. */
export const RULE_NAMES = {
  shape: 'the factory has the shape of one',
  options: 'options are validated, and unknown ones are refused by name',
  instances: 'instances are created and disposed of, several at once',
  early: 'responses of others do no harm, however early they come',
  place: 'it may stand before the route is known',
  unparsed: 'log takes bytes that were no request',
  failures: 'upstreams that fail and clients that leave do no harm',
  hostile: 'hostile requests and responses do no harm',
  promises: 'hooks that need not wait return no promise',
  state: 'nothing of one request is seen in another',
} as const

export type RuleName = (typeof RULE_NAMES)[keyof typeof RULE_NAMES]

/** A rule that every filter keeps. */
export interface Rule<Subject> {
  /** The rule as a sentence. */
  readonly name: RuleName
  /** Without it nothing else can be checked. */
  readonly first?: boolean
  /** What is wrong and how to mend it, one text each. */
  check(subject: Subject): Promise<readonly string[]> | readonly string[]
}
