import { type ErrorCode, WeirError } from '../api/errors.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Question } from '../fleet/messages.ts'
import type { EndpointRegistry } from '../state/registry.ts'
import type { HealthCheckResponse, SendHealthCheck, TargetState } from '../state/target-state.ts'

/** How much longer than the check a worker may take: the time limit of the primary, which is a failure, comes first; milliseconds. */
const SPARE_MS = 500

type CheckQuestion = Extract<Question, { kind: 'check' }>
/** Plain data. */
type CheckAnswer = { readonly response: HealthCheckResponse } | { readonly failure: ErrorCode }

/**
 * Lets workers send the health checks of the primary, which has no connections to upstreams: the worker with the lowest number does,
 * in the same way as it sends traffic.
 */
export class RemoteChecks {
  readonly #fleet: () => Pick<Fleet<unknown>, 'lowest'>
  readonly #offered = new WeakSet<TargetState>()

  constructor(fleet: () => Pick<Fleet<unknown>, 'lowest'>) {
    this.#fleet = fleet
  }

  /** For every target that the registry has now. */
  offer(registry: EndpointRegistry): void {
    for (const { targets } of registry.all())
      for (const target of targets) {
        if (this.#offered.has(target)) continue
        this.#offered.add(target)
        target.offerHealthCheck(this.#senderOf(target))
      }
  }

  #senderOf({ endpoint, url }: TargetState): SendHealthCheck {
    return async ({ signal, ...check }) => {
      const question: CheckQuestion = { kind: 'check', endpoint, target: url, check }
      const asked = this.#fleet().lowest?.link.ask(question, check.timeoutMs + 2 * SPARE_MS)
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
      const answer = (await Promise.race([asked, aborted])) as CheckAnswer | undefined
      // A worker that is not there says nothing about the target.
      if (answer === undefined) throw new WeirError('internal_error')
      if ('failure' in answer) throw new WeirError(answer.failure)
      const { status, body } = answer.response
      return { status, body: Buffer.from(body) }
    }
  }
}

/** Sends a check for the primary. Never rejects. */
export async function answerCheck(
  registry: EndpointRegistry,
  { endpoint, target: url, check }: CheckQuestion,
): Promise<CheckAnswer> {
  const target = registry.get(endpoint)?.targets.find((one) => one.url === url)
  try {
    if (target?.sendHealthCheck === undefined) return { failure: 'internal_error' }
    return {
      response: await target.sendHealthCheck({ ...check, signal: AbortSignal.timeout(check.timeoutMs + SPARE_MS) }),
    }
  } catch (error) {
    return { failure: error instanceof WeirError ? error.code : 'internal_error' }
  }
}
