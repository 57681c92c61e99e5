/** What a plugin imports as `weir`. Everything else in core is the engine's own. */

export { blockedReply } from './blocked.ts'
export { Body, type BodySink, type BodySource } from './body.ts'
export type { Clock } from './clock.ts'
export type { Endpoint, Identity, Requirement, Route, Target } from './endpoint.ts'
export { AUTHENTICATION, IdentitySlot, RequestIdSlot, RouteSlot } from './endpoint.ts'
export {
  type ChangeOptions,
  type ChangeOutcome,
  type EndpointControl,
  EndpointControlKey,
  type EndpointView,
  type Refusal,
} from './endpoint-control.ts'
export { type ErrorCode, type ErrorSource, WeirError } from './errors.ts'
export type { Downstream, Exchange, Request } from './exchange.ts'
export type {
  Answered,
  Attempt,
  Awaitable,
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
} from './filter.ts'
export { defineFilter } from './filter.ts'
export { HeaderList } from './headers.ts'
export { type CheckResult, type HealthCheck, type HealthControl, HealthKey } from './health.ts'
export type { Logger } from './log.ts'
export { Histogram, type Meter, type Metric, type Sample } from './meter.ts'
export {
  type BreakerPhase,
  type EndpointRegistry,
  type EndpointStatus,
  type Health,
  type RegistryEvent,
  RegistryKey,
} from './registry.ts'
export { LocalReply, type ReplyOptions, type Response, reply, type Upgrade } from './reply.ts'
export { MemoryResponseStore, type ResponseStore, type Stored, type StoredResponse } from './response-store.ts'
export { defineService, EndpointsKey, type Service, type ServiceKey, type Status, StatusKey } from './service.ts'
export type { ShareSpec } from './shared.ts'
export { defineSlot, type Slot } from './slot.ts'
export type { BreakerHandle, EndpointState, Probe, ProbeAnswer, SendProbe, TargetState } from './target-state.ts'
export type { Deadline, TimerWheel } from './timer-wheel.ts'
