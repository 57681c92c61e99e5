/// <reference types="node" preserve="true" />
/**
 * The public door: all that a filter or a plugin may import, as `weir`. Everything else in core is private to the engine.
 * The groups below are in the order in which an author needs them. test/core/index.api.txt shows the declarations.
 */

// biome-ignore-all assist/source/organizeImports: the order is that of a table of contents

// Writing a filter: the factory and what it gets, the hooks, and what they return.
export { defineFilter, type FilterEnv, type FilterFactory } from './api/filter-factory.ts'
export type { AdvisedFilters, OrderAdvice } from './api/order-advice.ts'
export type { ExchangeWithResponse, Filter, Finished, TerminalFilter, Verdict } from './api/filter.ts'
export { LocalReply, type ReplyOptions, reply } from './api/reply.ts'
export { type ErrorCode, type ErrorSource, WeirError } from './api/errors.ts'
export type { Attempt, Awaitable, Next, Outcome, UpstreamCall } from './api/attempt.ts'

// The exchange: one request and its response, the endpoint they belong to, and the slots that filters share.
export type { Exchange } from './api/exchange.ts'
export type { Request } from './api/request.ts'
export type { Downstream } from './api/downstream.ts'
export type { Response, Upgrade } from './api/reply.ts'
export type { Endpoint, Identity, Requirement, Route, Target } from './api/endpoint.ts'
export type { Ambiguity, Condition, Match, PathPattern, ValuePattern } from './api/endpoint.ts'
export { type EndpointProblem, EndpointsError } from './api/endpoints-error.ts'
export { AUTHENTICATION, IdentitySlot, RequestIdSlot, RouteSlot, TargetSlot } from './api/endpoint.ts'
export { defineSlot, type Slot } from './api/slot.ts'

// Bodies and header fields.
export { Body, type BodyEnd, type BodySink, type BodySource } from './api/body.ts'
export { HeaderList } from './api/header-list.ts'
export type { SetField } from './api/set-field.ts'
export { CONNECTION_FIELDS, nominate, withoutNominated } from './api/connection-fields.ts'
export { FieldKinds } from './base/field-kinds.ts'

// Options: the schema of a filter's options, and schemas of common kinds of values.
export type { Schema } from './api/filter-factory.ts'
export type { StandardIssue, StandardJSONSchemaV1, StandardResult, StandardSchemaV1 } from './api/standard-schema.ts'
export { duration, size } from './base/units.ts'
export { matchesStatus, type StatusPattern, statusPatterns } from './api/status-pattern.ts'

// Paths and hosts: the one form in which they are compared.
export { normalPath, normalPattern, type PathFault } from './base/normal-path.ts'
export { type RouteCandidate, RouteTable } from './match/route-table.ts'
export { RoutesKey, type RouteTables } from './match/route-tables.ts'
export type { NoRoute } from './match/no-route.ts'
export type { RouteRequest } from './match/request-values.ts'
export { compilePath, type PathMatcher } from './match/path-matcher.ts'
export { otherReadings } from './match/readings.ts'
export { normalHost } from './base/normal-host.ts'

// Observability: logs, metrics, traces.
export type { Logger } from './api/logger.ts'
export type { Exemplar, HistogramSample, Meter, Metric, Sample } from './api/meter.ts'
export type { CounterInstrument, GaugeInstrument, HistogramInstrument } from './api/instruments.ts'
export { Counter } from './api/counter.ts'
export { DURATION_BUCKETS, Histogram } from './api/histogram.ts'
export { methodLabel } from './api/method-label.ts'
export type { ExchangeTrace } from './api/exchange.ts'
export type { AttemptStep, FilterStep, ReachedFilter, Recording, TimeShare } from './api/recording.ts'
export type { ChangedFields, WithFields } from './api/field-changes.ts'
export type { LiveExplain } from './observe/live-explain.ts'
export type { RecordingTrace, Tracing } from './observe/tracing.ts'
export type { ExchangeObserver } from './observe/exchange-observer.ts'
export { type RemoteSpan, remoteSpanOf } from './observe/traceparent.ts'

// Services: parts of the process that filters use by a key, most of them for admin filters.
export { defineService, type Service, type ServiceKey } from './api/service.ts'
export { EndpointsKey, type GatewayStatus, GatewayStatusKey } from './api/service.ts'
export { type ConfigControl, ConfigControlKey, type LoadTrigger, type ReloadOutcome } from './control/config-control.ts'
export type {
  ConfigProblem,
  ConfigStatus,
  ConfigWatch,
  DocumentCheckResult,
  DocumentDiff,
  RestartDue,
} from './control/config-control.ts'
export { type BreakerSelection, type EndpointControl, EndpointControlKey } from './control/endpoint-control.ts'
export type { ChangeOptions, ChangeOutcome, ChangeRefusal } from './control/endpoint-control.ts'
export type { BreakerView, EndpointView, TargetView } from './control/endpoint-control.ts'
export { type HealthControl, HealthControlKey, type HealthCheckResult } from './control/health-control.ts'
export type { ConfigInputs, ConfigSource } from './control/config-source.ts'
export { type Statistics, StatisticsKey, type StatisticsScope } from './control/statistics.ts'
export type { StatisticsFigures, StatisticsHistory, StatisticsPoint, StatisticsRange } from './control/statistics.ts'
export type { StatisticsResolution, StatisticsSettings } from './control/statistics.ts'
export { type RecentExchanges, RecentExchangesKey, type RecentFilter } from './control/recent-exchanges.ts'
export type { ExplainedAttempt, ExplainedExchange, ExplainedStep, RecentExchange } from './control/recent-exchanges.ts'
export { type RouterControl, RouterControlKey, type RouteView } from './control/router-control.ts'
export type { ConnectivityStep, ConnectivityTest, DescribedRequest } from './control/router-control.ts'
export { type LogControl, LogControlKey, type LogLevel, type LogStatus } from './control/log-control.ts'
export { type ChangedEndpoints, type ConfigEvents, ConfigKey, type ReloadEvent } from './control/config-events.ts'
export { type GatewayEvent, type GatewayEvents, GatewayEventsKey } from './control/gateway-events.ts'
export type { Reports } from './control/reports.ts'
export { type OwnTokens, OwnTokensKey, TOKEN_ALGORITHMS } from './control/own-tokens.ts'
export { type TokenIssuer, TokenIssuerKey, type TokenReply, type TokenRequest } from './control/own-tokens.ts'
export type {
  Revocation,
  TokenAlgorithm,
  TokenClientSettings,
  TokenNews,
  TokenOperation,
} from './control/own-tokens.ts'
export type { TokenSettings, TokenTrust } from './control/own-tokens.ts'

// Run-time state: data that outlives a reload, the state of endpoints and targets, stored responses.
export type { ShareSpec } from './api/share-spec.ts'
export { type EndpointRegistry, EndpointRegistryKey } from './state/registry.ts'
export { type StartConditions, StartConditionsKey } from './state/start-conditions.ts'
export type { ProbeSlots } from './state/probe-slots.ts'
export type { PermitAsker, PermitRules, SharedPermits } from './state/shared-permits.ts'
export type { RegistryEvent, RegistryEventBase } from './state/registry-event.ts'
export type { BreakerHandle, EndpointState } from './state/endpoint-state.ts'
export type { TargetState } from './state/target-state.ts'
export type { BreakerPhase, EndpointStatus, TargetHealth } from './state/endpoint-status.ts'
export { MemoryResponseStore, type ResponseStore, type ResponseStoreLimits } from './state/response-store.ts'
export type { StoredEntry, StoredResponse, StoredVariants } from './state/response-store.ts'

// Health checks: how targets are checked, and how a terminal filter sends a check.
export { type HealthCheck, parseBodyMatch } from './control/health-control.ts'
export type { HealthCheckRequest, HealthCheckResponse, SendHealthCheck } from './state/target-state.ts'

// Time: the clock, deadlines, limits on silence, pauses in long work.
export { type Clock, systemClock } from './base/clock.ts'
export type { Deadline, TimerWheel, WheelTurn } from './base/timer-wheel.ts'
export { type IdleOwner, IdleWatchdog } from './base/idle-watchdog.ts'
export { sleep, startTimer } from './base/timer.ts'
export { TimeSlice } from './base/time-slice.ts'

// Helpers: tokens and field values of HTTP, promises, masking of secrets, wording, PEM, common replies.
export { equalsIgnoreCase, isFieldValue, isToken, TOKEN_PATTERN, TOKEN_SOURCE } from './base/tokens.ts'
export { isThenable } from './base/thenable.ts'
export { duplicateMember } from './base/json-members.ts'
export { isSecret, isSecretQueryKey, MASK, maskText } from './base/masking.ts'
export { didYouMean, suggest } from './base/suggest.ts'
export { BoundedWork } from './base/bounded-work.ts'
export { FailureLimit } from './base/failure-limit.ts'
export { type PasswordHash, passwordHash } from './base/password-hash.ts'
export { type PemBlock, pemBlocks, unwrapBase64 } from './base/pem.ts'
export { outOfServiceReply } from './api/out-of-service.ts'
