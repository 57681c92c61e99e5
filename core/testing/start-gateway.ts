import type { GatewaySpec } from '../control/gateway-spec.ts'
import type { GatewaySetup } from './gateway-setup.ts'
import type { SpecSetup } from './spec-gateway.ts'
import type { ConfiguredGateway, TestGateway } from './test-gateway.ts'

/**
 * Starts a whole gateway in this process, with what `weir run` has: configuration, health checks, admin listener, real
 * sockets, real time. Where the YAML says no `listen`, it listens on a free port of 127.0.0.1; where it says no `admin`, there
 * is no admin listener.
 *
 * ```ts
 * await using gateway = await startGateway(
 *   `filters: [tenant, route-match, proxy]
 * endpoints: [{ name: orders, url: "${upstream.url}" }]`,
 *   { filters: [tenant] },
 * )
 * const response = await gateway.inject({ path: '/orchestrator/orders/7', headers: { 'X-Tenant': 'acme' } })
 * assert.equal(response.status, 200)
 * ```
 * @throws Error with every problem of the configuration and its line, or because an address can't be had
 */
export function startGateway(yaml: string, setup?: GatewaySetup): Promise<ConfiguredGateway>
/** @internal The engine alone, on a spec, for Weir's own tests. */
export function startGateway(spec: GatewaySpec, setup?: SpecSetup): Promise<TestGateway>
export async function startGateway(
  what: string | GatewaySpec,
  setup: GatewaySetup | SpecSetup = {},
): Promise<TestGateway> {
  // Loaded when needed: tests that start no gateway do not wait for one.
  if (typeof what === 'string') return (await import('./yaml-gateway.ts')).startYaml(what, setup as GatewaySetup)
  return (await import('./spec-gateway.ts')).startSpec(what, setup as SpecSetup)
}
