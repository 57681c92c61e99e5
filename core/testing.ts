/** What a test imports as `weir/testing`. No code that serves requests imports it. */

export type { MetricReading } from './observe/metric-rows.ts'
export { type ConformanceTest, conform, conformance } from './testing/conform/conform.ts'
export type { ConformSetup } from './testing/conform/rule.ts'
export { type BenchFilter, FilterBench } from './testing/filter-bench.ts'
export type { GatewaySetup } from './testing/gateway-setup.ts'
export type { Injected, InjectedResponse } from './testing/inject.ts'
export { ManualClock } from './testing/manual-clock.ts'
export { MemoryMeter, metricOf } from './testing/memory-meter.ts'
export { type LoggedLine, RecordingLogger } from './testing/recording-logger.ts'
export type { FilterFault } from './testing/recording-runtime.ts'
export type { ChainSetup, ServiceValue } from './testing/run/chain-setup.ts'
export type { FilterEntry, FiltersUnderTest } from './testing/run/filters-under-test.ts'
export type { FieldValue, HeaderChanges } from './testing/run/header-changes.ts'
export type { HookName, HookVerdict } from './testing/run/hook-verdict.ts'
export type { RecordedSpan } from './testing/run/recording-tracing.ts'
export { createChain, run } from './testing/run/run.ts'
export type { RunInput, RunRequest, RunSetup } from './testing/run/run-input.ts'
export type { SlotValue } from './testing/run/run-record.ts'
export type { AttemptResult, RunResult, TestResponse } from './testing/run/run-result.ts'
export type { TestChain } from './testing/run/test-chain.ts'
export type { Span, TimeMode } from './testing/run/test-time.ts'
export type { TestUpstream, UpstreamRequest, UpstreamResponse, UpstreamStep } from './testing/run/upstream-step.ts'
export { DEFAULT_CHAIN, specOf } from './testing/spec-of.ts'
export { startGateway } from './testing/start-gateway.ts'
export { endpoint, matchOf, type TestEndpoint, targetOf } from './testing/test-endpoint.ts'
export {
  attempt,
  type BodyBytes,
  exchange,
  type Fields,
  outcome,
  type TestRequest,
  withResponse,
} from './testing/test-exchange.ts'
export type { ConfiguredGateway, TestGateway } from './testing/test-gateway.ts'
