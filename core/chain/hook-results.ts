import { Body } from '../api/body.ts'
import type { Target } from '../api/endpoint.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Verdict } from '../api/filter.ts'
import { HeaderList } from '../api/header-list.ts'
import { HookError } from '../api/hook-error.ts'
import { attributed, LocalReply, type Response } from '../api/reply.ts'
import { isThenable } from '../base/thenable.ts'

// A plugin in JavaScript, or one that casts, can return anything. What a hook may not return is an error of that hook: it must
// not hang the request, pass as an empty response, or look like the error of another filter.

/** The verdict of a hook that goes on or replies. @throws HookError for anything else */
export function verdictOf(value: unknown, filter: string, hook: string): Verdict {
  if (value === undefined || value instanceof LocalReply) return value
  throw wrong(value, filter, hook, 'may return nothing, or a reply: reply(status, reason)')
}

/** The verdict of a synchronous hook. @throws HookError for a promise, and for anything that is no verdict */
export function promptVerdictOf(value: unknown, filter: string, hook: string): Verdict {
  if (!isThenable(value)) return verdictOf(value, filter, hook)
  value.then(undefined, () => {}) // the hook has failed already: how its promise ends does not matter
  throw wrong(value, filter, hook, 'is synchronous: it may return nothing, or a reply')
}

/** The response, or the reply, of `upstream` and `call`. @throws HookError for anything else */
export function responseOf(value: unknown, filter: string, hook: string): Response | LocalReply {
  if (value instanceof LocalReply) return attributed(value, filter)
  if (isResponse(value)) return value
  throw wrong(value, filter, hook, 'must return a response or a reply')
}

/** The target, or the reply, of `pick`. @throws HookError for anything else */
export function targetOf(value: unknown, filter: string): Target | LocalReply | undefined {
  if (value === undefined) return undefined
  if (value instanceof LocalReply) return attributed(value, filter)
  if (isThenable(value)) return promptVerdictOf(value, filter, 'pick') as never
  if (typeof value === 'object' && value !== null && typeof (value as Target).url === 'string') return value as Target
  throw wrong(value, filter, 'pick', 'must return a target of the endpoint or a reply')
}

/** Whether the exchange has a response that can be sent, after a `response` hook has edited it. */
export function hasResponse({ response }: Exchange): boolean {
  return response !== undefined && isResponse(response)
}

function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false
  const { status, headers, body } = value as Partial<Response>
  return Number.isInteger(status) && isStatus(status!) && headers instanceof HeaderList && body instanceof Body
}

/** Of a final response, or the switch of protocols (RFC 9110 §15). */
const isStatus = (status: number): boolean => (status >= 200 && status <= 999) || status === 101

function wrong(value: unknown, filter: string, hook: string, may: string): HookError {
  return new HookError(filter, hook, new TypeError(`the hook returned ${described(value)}; it ${may}`))
}

/** The kind of a value. Not its content, which may come from a client. */
function described(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  if (isThenable(value)) return 'a promise'
  if (typeof value !== 'object') return `a ${typeof value}`
  return Array.isArray(value) ? 'an array' : 'an object that is neither'
}
