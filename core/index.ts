/** What a plugin imports as `weir`. Everything else in core is the engine's own. */

export { Body, type BodySink, type BodySource } from './api/body.ts'
export type { Endpoint, Identity, Requirement, Route, Target } from './api/endpoint.ts'
export { AUTHENTICATION, IdentitySlot, RequestIdSlot, RouteSlot } from './api/endpoint.ts'
export { type ErrorCode, type ErrorSource, WeirError } from './api/errors.ts'
export type { Downstream, Exchange, Request } from './api/exchange.ts'
export type {
  Attempt,
  Awaitable,
  ExchangeWithResponse,
  Filter,
  FilterEnv,
  FilterFactory,
  Finished,
  Next,
  Outcome,
  Schema,
  TerminalFilter,
  UpstreamCall,
  Verdict,
} from './api/filter.ts'
export { defineFilter } from './api/filter.ts'
export { HeaderList } from './api/header-list.ts'
export type { Logger } from './api/logger.ts'
export { Histogram, type Meter, type Metric, type Sample } from './api/meter.ts'
export { outOfServiceReply } from './api/out-of-service.ts'
export { LocalReply, type ReplyOptions, type Response, reply, type Upgrade } from './api/reply.ts'
export { defineService, EndpointsKey, type Service, type ServiceKey, type Status, StatusKey } from './api/service.ts'
export { defineSlot, type Slot } from './api/slot.ts'
export type { Clock } from './base/clock.ts'
export type { Deadline, TimerWheel } from './base/timer-wheel.ts'
export {
  type ChangeOptions,
  type ChangeOutcome,
  type EndpointControl,
  EndpointControlKey,
  type EndpointView,
  type Refusal,
} from './control/endpoint-control.ts'
export { type CheckResult, type HealthCheck, type HealthControl, HealthKey } from './control/health-control.ts'
export {
  type BreakerPhase,
  type EndpointRegistry,
  type EndpointStatus,
  type Health,
  type RegistryEvent,
  RegistryKey,
} from './state/registry.ts'
export { MemoryResponseStore, type ResponseStore, type Stored, type StoredResponse } from './state/response-store.ts'
export type { ShareSpec } from './state/shared-state.ts'
export type {
  BreakerHandle,
  EndpointState,
  HealthCheckRequest,
  HealthCheckResponse,
  SendHealthCheck,
  TargetState,
} from './state/target-state.ts'
