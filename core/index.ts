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
export { HeaderList, sameName } from './api/header-list.ts'
export { DURATION_BUCKETS, Histogram } from './api/histogram.ts'
export type { Logger } from './api/logger.ts'
export type { Meter, Metric, Sample } from './api/meter.ts'
export { methodLabel } from './api/method-label.ts'
export { outOfServiceReply } from './api/out-of-service.ts'
export { LocalReply, type ReplyOptions, type Response, reply, type Upgrade } from './api/reply.ts'
export { defineService, EndpointsKey, type Service, type ServiceKey, type Status, StatusKey } from './api/service.ts'
export type { ShareSpec } from './api/share.ts'
export { defineSlot, type Slot } from './api/slot.ts'
export { matchesStatus, type StatusPattern, statuses } from './api/status-pattern.ts'
export { type Clock, systemClock } from './base/clock.ts'
export { type IdleOwner, IdleWatchdog } from './base/idle-watchdog.ts'
export { isSecret, isSecretQueryKey, MASK, maskText } from './base/masking.ts'
export { didYouMean, suggest } from './base/suggest.ts'
export { isThenable } from './base/thenable.ts'
export type { Deadline, TimerWheel, Turn } from './base/timer-wheel.ts'
export { isFieldValue, isToken, TOKEN, TOKEN_PATTERN } from './base/tokens.ts'
export { duration, size } from './base/units.ts'
export {
  type ConfigControl,
  ConfigKey,
  type ConfigStatus,
  type PlainProblem,
  type ReloadOutcome,
  type Trigger,
} from './control/config-control.ts'
export type { ConfigSource, ConfigUses } from './control/config-source.ts'
export {
  type ChangeOptions,
  type ChangeOutcome,
  type EndpointControl,
  EndpointControlKey,
  type EndpointView,
  type Refusal,
} from './control/endpoint-control.ts'
export {
  bodyPattern,
  type CheckResult,
  type HealthCheck,
  type HealthControl,
  HealthKey,
} from './control/health-control.ts'
export { type RemoteSpan, remoteSpanOf } from './observe/traceparent.ts'
export type { FilterStep, RecordingTrace, Tracing } from './observe/tracing.ts'
export type { BreakerHandle, EndpointState } from './state/endpoint-state.ts'
export type { BreakerPhase, EndpointStatus, Health } from './state/endpoint-status.ts'
export { type EndpointRegistry, RegistryKey } from './state/registry.ts'
export type { RegistryEvent } from './state/registry-event.ts'
export { MemoryResponseStore, type ResponseStore, type Stored, type StoredResponse } from './state/response-store.ts'
export type { HealthCheckRequest, HealthCheckResponse, SendHealthCheck, TargetState } from './state/target-state.ts'
