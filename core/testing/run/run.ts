import type { ChainSetup } from './chain-setup.ts'
import type { FiltersUnderTest } from './filters-under-test.ts'
import type { RunSetup } from './run-input.ts'
import type { RunResult } from './run-result.ts'
import type { TestChain } from './test-chain.ts'

/**
 * Builds a chain of the filters under test, for several requests to the same instances, with time in the test's hand.
 *
 * ```ts
 * await using chain = await createChain(breaker, { options: { reset_timeout: '30s' } })
 * for (let i = 0; i < 5; i++) await chain.run({ upstream: 'upstream_reset' })
 * assert.equal((await chain.run()).response.reason, 'breaker_open')
 * await chain.advance('30s')
 * assert.equal((await chain.run()).response.status, 200)
 * ```
 * @throws Error if it can't be built, with every problem: options that are wrong, a `create` that threw, a wrong order
 */
export async function createChain(filters: FiltersUnderTest, setup: ChainSetup = {}): Promise<TestChain> {
  // Loaded when needed: tests that call hooks themselves do not wait for the engine.
  const { startChain } = await import('./test-chain.ts')
  return startChain(filters, setup)
}

/**
 * Sends one request through one filter, or through a whole chain, without a socket: options are validated, the chain is built
 * and its hooks are called by the engine that serves real requests.
 *
 * ```ts
 * const { response, upstreamRequests } = await run(tenant, {
 *   options: { header: 'X-Tenant' },
 *   request: { headers: { 'X-Tenant': 'acme' } },
 * })
 * assert.equal(response.status, 200)
 * assert.equal(upstreamRequests[0].headers.get('x-tenant'), 'acme')
 * ```
 * A filter that throws does not make it reject: the client got a 500, and `faults` holds what was thrown.
 * @throws Error as `createChain` and `TestChain.run`
 */
export async function run(filters: FiltersUnderTest, setup: RunSetup = {}): Promise<RunResult> {
  const { runOnce } = await import('./run-once.ts')
  return runOnce(filters, setup)
}
