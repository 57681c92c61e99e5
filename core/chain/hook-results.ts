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
  if (!isResponse(value)) throw wrong(value, filter, hook, 'must return a response or a reply')
  if (value.body.started) throw wrong(value, filter, hook, 'must return a response whose body nobody has read')
  return value
}

/** The target, or the reply, of `pick`. @throws HookError for anything else */
export function targetOf(value: unknown, filter: string): Target | LocalReply | undefined {
  if (value === undefined) return undefined
  if (value instanceof LocalReply) return attributed(value, filter)
  if (isThenable(value)) return promptVerdictOf(value, filter, 'pick') as never
  if (typeof value === 'object' && value !== null && typeof (value as Target).url === 'string') return value as Target
  throw wrong(value, filter, 'pick', 'must return a target of the endpoint or a reply')
}

/** Checks what a `response` hook left. @throws TypeError if it can't be sent */
export function checkLeftResponse({ response }: Exchange): void {
  if (!isResponse(response))
    throw new TypeError('the hook left a response that can not be sent: check its status, headers, body and upgrade')
  if (response.body.started) throw new TypeError('the hook has read the body of the response, or still reads it')
}

function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false
  const { status, headers, body, upgrade } = value as Partial<Response>
  if (!(headers instanceof HeaderList) || !(body instanceof Body) || !isLength(body.length)) return false
  // A tunnel may be refused by another status; without a tunnel there is no switch (RFC 9110 §15.2.2).
  if (upgrade !== undefined && typeof upgrade?.socket?.destroy !== 'function') return false
  return Number.isInteger(status) && ((status! >= 200 && status! <= 999) || (status === 101 && upgrade !== undefined))
}

const isLength = (length: unknown): boolean =>
  length === undefined || (Number.isSafeInteger(length) && (length as number) >= 0)

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
