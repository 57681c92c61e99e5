import type { Exchange, Finished } from '../../core/index.ts'
import { ratioSampler, type Sampler } from './sampler.ts'

/** Whose trace context counts. */
export type TraceTrust = 'always' | 'trusted_proxies' | 'never'

/** Which exchanges are kept when they are over, although they were not sampled. */
export interface KeepRules {
  /** Those with a status from 500 on, or that the gateway or an upstream broke off. */
  readonly errors: boolean
  /** Milliseconds; undefined: none because of its time. */
  readonly slowerThanMs: number | undefined
}

export const keepsNothing: KeepRules = { errors: false, slowerThanMs: undefined }

export const isTrusted = (trust: TraceTrust, { downstream }: Exchange): boolean =>
  trust === 'always' || (trust === 'trusted_proxies' && downstream.trusted)

export function isKept({ errors, slowerThanMs }: KeepRules, { status, outcome, error, durationMs }: Finished): boolean {
  // A tunnel is not slow because it lives long.
  if (slowerThanMs !== undefined && durationMs >= slowerThanMs && status !== 101) return true
  if (!errors) return false
  return status >= 500 || (outcome === 'aborted' && error !== undefined && error.source !== 'downstream')
}

/** Decides when the route is known. */
export type RouteSampler = (x: Exchange) => boolean

/**
 * Sampling of traces that begin here, by endpoint. A higher ratio keeps all traces of a lower one, so that a trace that none
 * could keep need not be recorded.
 */
export class EndpointRatios {
  readonly #samplers: ReadonlyMap<string, Sampler>
  readonly #any: Sampler

  /** @param ratios by id of the endpoint */
  constructor(ratios: Readonly<Record<string, number>>) {
    const all = Object.entries(ratios)
    this.#samplers = new Map(all.map(([id, ratio]) => [id, ratioSampler(ratio)]))
    this.#any = ratioSampler(Math.max(0, ...all.map(([, ratio]) => ratio)))
  }

  /** @param otherwise decides for other endpoints. @returns what decides about the trace; false: no endpoint would keep it */
  decider(traceId: string, otherwise: Sampler): RouteSampler | false {
    if (!this.#any(traceId, undefined) && !otherwise(traceId, undefined)) return false
    return ({ endpoint }) => (this.#samplers.get(endpoint?.id ?? '') ?? otherwise)(traceId, undefined)
  }
}
