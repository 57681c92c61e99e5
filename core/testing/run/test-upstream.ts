import type { Attempt, UpstreamCall } from '../../api/attempt.ts'
import { Body } from '../../api/body.ts'
import { ERRORS, WeirError } from '../../api/errors.ts'
import type { Exchange } from '../../api/exchange.ts'
import type { TerminalFilter } from '../../api/filter.ts'
import { defineFilter, type FilterEnv, type FilterFactory } from '../../api/filter-factory.ts'
import type { HeaderList } from '../../api/header-list.ts'
import type { Response } from '../../api/reply.ts'
import type { TimerWheel } from '../../base/timer-wheel.ts'
import { bodyOf, fieldsOf } from '../test-exchange.ts'
import { collect } from './collect.ts'
import type { RecordOf, RunRecord } from './run-record.ts'
import { millisecondsOf } from './test-time.ts'
import type { TestUpstream, UpstreamRequest, UpstreamStep } from './upstream-step.ts'

/** A terminal filter whose upstream is what the record of the exchange says. */
export function upstreamFilter(name: string, recordOf: RecordOf): FilterFactory {
  return defineFilter({
    name,
    apiVersion: 1,
    terminal: true,
    create: (_options, env): TerminalFilter => ({
      pick(x, before) {
        const targets = x.endpoint?.targets ?? []
        return targets[before.length % targets.length]
      },
      call: (x, attempt, call) => inTime(x, call, env, () => respond(x, attempt, env.timers, recordOf(x))),
    }),
  })
}

/** The client's leaving and the deadline of the call end the wait for a response, as they do in `proxy`. */
function inTime(
  x: Exchange,
  { deadline }: UpstreamCall,
  { timers, clock }: Pick<FilterEnv, 'timers' | 'clock'>,
  work: () => Promise<Response>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    x.onAbort(() => reject(new WeirError('client_gone')))
    const late =
      deadline === undefined
        ? undefined
        : timers.after(Math.max(deadline - clock.now(), 0), () => reject(new WeirError('upstream_timeout')))
    work()
      .then(resolve, reject)
      .finally(() => late?.cancel())
  })
}

async function respond(
  x: Exchange,
  attempt: Attempt,
  timers: TimerWheel,
  record: RunRecord | undefined,
): Promise<Response> {
  if (record === undefined) throw new WeirError('upstream_connect_failed')
  const { method, headers, query } = x.request
  record.sentHeaders = headers.clone()
  const { bytes } = await collect(x.request.body)
  const request: UpstreamRequest = {
    attempt: attempt.number,
    target: attempt.target?.url,
    method,
    path: `${attempt.target?.basePath ?? ''}${x.route?.path ?? x.request.path}`,
    query,
    headers: record.sentHeaders,
    body: bytes.toString(),
    bytes,
  }
  record.upstreamRequests.push(request)
  const response = responseOf(await record.guard(() => stepOf(record.given.upstream, request, timers)), method)
  record.upstreamHeaders = response.headers.clone()
  return response
}

/** What the upstream does now, once its delay is over. */
async function stepOf(upstream: TestUpstream, request: UpstreamRequest, timers: TimerWheel): Promise<UpstreamStep> {
  const step = typeof upstream === 'function' ? await upstream(request, request.attempt) : stepOfList(upstream, request)
  if (typeof step === 'string' && !Object.hasOwn(ERRORS, step))
    throw new TypeError(`upstream: there is no error "${step}". Known: ${Object.keys(ERRORS).join(', ')}.`)
  const delay = typeof step === 'object' ? step.delay : undefined
  if (delay !== undefined) await new Promise<void>((done) => void timers.after(millisecondsOf(delay), done))
  return step
}

function stepOfList(upstream: UpstreamStep | readonly UpstreamStep[], { attempt }: UpstreamRequest): UpstreamStep {
  const steps = [upstream].flat() as readonly UpstreamStep[]
  return steps[Math.min(attempt, steps.length) - 1] ?? 200
}

function responseOf(step: UpstreamStep, method: string): Response {
  if (typeof step === 'string') throw new WeirError(step)
  const { status = 200, headers, body, trailers, bodyError } = typeof step === 'number' ? { status: step } : step
  const made = bodyOf(body, {
    trailers: trailers && fieldsOf(trailers),
    error: bodyError === undefined ? undefined : new WeirError(bodyError),
  })
  const fields = withLength(fieldsOf(headers), made, status)
  // RFC 9110 §9.3.2, §15.4.5: the length stands in the head all the same.
  if (method !== 'HEAD' && status !== 204 && status !== 304)
    return { status, statusText: undefined, headers: fields, body: made }
  made.discard()
  return { status, statusText: undefined, headers: fields, body: Body.empty() }
}

/** RFC 9110 §8.6: not in a 204; a 304 may leave it out. */
function withLength(headers: HeaderList, body: Body, status: number): HeaderList {
  if (body.length === undefined || status === 204 || status === 304 || headers.has('content-length')) return headers
  headers.set('Content-Length', String(body.length))
  return headers
}
