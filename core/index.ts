/// <reference types="node" preserve="true" />
/** What a plugin imports as `weir`. Everything else in core is the engine's own. */

export type { Attempt, Awaitable, Next, Outcome, UpstreamCall } from './api/attempt.ts'
export { Body, type BodySink, type BodySource } from './api/body.ts'
export { Counter } from './api/counter.ts'
export type { Endpoint, Identity, Requirement, Route, Target } from './api/endpoint.ts'
export { AUTHENTICATION, IdentitySlot, RequestIdSlot, RouteSlot } from './api/endpoint.ts'
export { type ErrorCode, type ErrorSource, WeirError } from './api/errors.ts'
export type { Downstream, Exchange, ExchangeTrace, Request } from './api/exchange.ts'
export type { ExchangeWithResponse, Filter, Finished, TerminalFilter, Verdict } from './api/filter.ts'
export type { FilterEnv, FilterFactory, Schema } from './api/filter-factory.ts'
export { defineFilter } from './api/filter-factory.ts'
export { HeaderList } from './api/header-list.ts'
export { DURATION_BUCKETS, Histogram } from './api/histogram.ts'
export type { Logger } from './api/logger.ts'
export type { Meter, Metric, Sample } from './api/meter.ts'
export { methodLabel } from './api/method-label.ts'
export { outOfServiceReply } from './api/out-of-service.ts'
export { LocalReply, type ReplyOptions, type Response, reply, type Upgrade } from './api/reply.ts'
export {
  defineService,
  EndpointsKey,
  type GatewayStatus,
  GatewayStatusKey,
  type Service,
  type ServiceKey,
} from './api/service.ts'
export type { ShareSpec } from './api/share-spec.ts'
export { defineSlot, type Slot } from './api/slot.ts'
export { matchesStatus, type StatusPattern, statusPatterns } from './api/status-pattern.ts'
export { type Clock, systemClock } from './base/clock.ts'
export { type IdleOwner, IdleWatchdog } from './base/idle-watchdog.ts'
export { isSecret, isSecretQueryKey, MASK, maskText } from './base/masking.ts'
export { didYouMean, suggest } from './base/suggest.ts'
export { isThenable } from './base/thenable.ts'
export type { Deadline, TimerWheel, WheelTurn } from './base/timer-wheel.ts'
export { equalsIgnoreCase, isFieldValue, isToken, TOKEN_PATTERN, TOKEN_SOURCE } from './base/tokens.ts'
export { duration, size } from './base/units.ts'
export {
  type ConfigControl,
  ConfigControlKey,
  type ConfigProblem,
  type ConfigStatus,
  type LoadTrigger,
  type ReloadOutcome,
} from './control/config-control.ts'
export type { ConfigInputs, ConfigSource } from './control/config-source.ts'
export {
  type ChangeOptions,
  type ChangeOutcome,
  type ChangeRefusal,
  type EndpointControl,
  EndpointControlKey,
  type EndpointView,
} from './control/endpoint-control.ts'
export {
  type HealthCheck,
  type HealthCheckResult,
  type HealthControl,
  HealthControlKey,
  parseBodyMatch,
} from './control/health-control.ts'
export { type RemoteSpan, remoteSpanOf } from './observe/traceparent.ts'
export type { FilterStep, RecordingTrace, Tracing } from './observe/tracing.ts'
export type { BreakerHandle, EndpointState } from './state/endpoint-state.ts'
export type { BreakerPhase, EndpointStatus, TargetHealth } from './state/endpoint-status.ts'
export { type EndpointRegistry, EndpointRegistryKey } from './state/registry.ts'
export type { RegistryEvent } from './state/registry-event.ts'
export {
  MemoryResponseStore,
  type ResponseStore,
  type StoredEntry,
  type StoredResponse,
} from './state/response-store.ts'
export type { HealthCheckRequest, HealthCheckResponse, SendHealthCheck, TargetState } from './state/target-state.ts'
