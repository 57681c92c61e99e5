import type { Identity } from '../../api/endpoint.ts'
import type { TestRequest } from '../test-exchange.ts'
import type { ChainSetup } from './chain-setup.ts'
import { checkKeys } from './known-keys.ts'
import type { SlotValue } from './run-record.ts'
import type { Span } from './test-time.ts'
import type { TestUpstream } from './upstream-step.ts'

/** A request, and when its client leaves. */
export interface RunRequest extends TestRequest {
  /** The client leaves when the head of the response has come, or when so much time has passed since its request. */
  readonly abortAfter?: 'headers' | Span
  /** The client leaves when this aborts. */
  readonly signal?: AbortSignal
}

/** One request to a chain. All of it may be left out. */
export interface RunInput {
  /** Default: `GET /`. */
  readonly request?: RunRequest
  /** Who calls: written to the identity slot by an earlier filter, which satisfies `authentication`. */
  readonly identity?: Partial<Identity>
  /** What earlier filters left for those under test: `[[TenantSlot, 'acme']]`. */
  readonly slots?: readonly SlotValue[]
  /** Name or id of the endpoint that it is routed to. Default: the first. */
  readonly endpoint?: string
  /** What plays the upstream for this request. */
  readonly upstream?: TestUpstream
  /** Whether `x.trace` is there. Default: true. */
  readonly traced?: boolean
}

/** What `run` takes: the setup of a chain, and its one request. */
export type RunSetup = ChainSetup & Omit<RunInput, 'endpoint'>

export const INPUT_KEYS = ['request', 'identity', 'slots', 'endpoint', 'upstream', 'traced'] as const
const REQUEST_KEYS = [
  ...(['method', 'path', 'query', 'headers', 'body', 'bodyError', 'host', 'client', 'scheme', 'upgrade'] as const),
  ...(['downstream', 'abortAfter', 'signal'] as const),
]

/** @throws TypeError for a key that is not known */
export function checkInput(input: RunInput): void {
  checkKeys(input, INPUT_KEYS, 'a run')
  checkKeys(input.request ?? {}, REQUEST_KEYS, 'a request')
}
