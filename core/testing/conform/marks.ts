import type { Identity } from '../../api/endpoint.ts'
import type { RunInput } from '../run/run-input.ts'
import type { RunResult } from '../run/run-result.ts'
import type { ConformSetup } from './rule.ts'
import { merged } from './subject.ts'

/** Texts that appear in one request and, for all that is known, nowhere else, by where they stand in it. */
export type Marks = ReadonlyMap<string, string>

/** Fields that carry marks whether the filter was seen to read them or not. */
const FIELDS = ['Cookie', 'User-Agent', 'X-Tenant', 'X-Mark', 'Referer', 'Accept-Language', 'X-Request-Id']

/**
 * A request with a mark in each place that a filter could remember it from.
 * @param who tells the marks of one request from those of another
 * @param reads fields that the filter reads; those that the setup gives keep their value, so that it lets the request pass
 */
export function markedInput(
  who: string,
  setup: ConformSetup,
  reads: Iterable<string>,
): { input: Pick<RunInput, 'request' | 'identity' | 'slots'>; marks: Marks } {
  const marks = new Map<string, string>()
  const mark = (place: string): string => {
    const text = `mark${who}${marks.size}of${who}`
    marks.set(text, place)
    return text
  }
  const given = new Set(Object.keys(setup.request?.headers ?? {}).map((name) => name.toLowerCase()))
  const names = new Map([...FIELDS, ...reads].map((name) => [name.toLowerCase(), name]))
  const headers = [...names]
    .filter(([name]) => !given.has(name) && !MEANT.has(name))
    .map(([name, spelled]) => [
      spelled,
      name === 'cookie' ? `c=${mark('the field Cookie')}` : mark(`the field ${spelled}`),
    ])
  const request = merged(setup.request, {
    ...(setup.request?.path === undefined ? { path: `/${mark('the path')}` } : {}),
    ...(setup.request?.query === undefined ? { query: `?q=${mark('the query')}` } : {}),
    ...(setup.request?.body === undefined ? { method: 'POST', body: mark('the body') } : {}),
    ...(setup.request?.host === undefined ? { host: `${mark('the host')}.test` } : {}),
    headers: Object.fromEntries(headers),
  })
  const identity: Partial<Identity> = {
    ...setup.identity,
    subject: mark('the identity'),
    claims: { ...setup.identity?.claims, mark: mark('a claim of the identity') },
  }
  return { input: { request, identity, ...(setup.slots === undefined ? {} : { slots: setup.slots }) }, marks }
}

/** Fields whose values frame or route the message. */
const MEANT = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'expect',
  'te',
  'authorization',
])

/** Everything that one request gave away, place by place. */
export type Traces = ReadonlyMap<string, string>

/** @param slots what was left in the slots of the exchange */
export function tracesOf(result: RunResult, slots: ReadonlyMap<string, unknown>): Traces {
  const traces = new Map<string, string>()
  const { response, upstreamRequests } = result
  const fields = (where: string, headers: Iterable<[string, string]>): void => {
    for (const [name, value] of headers) {
      const place = `the field ${name} of ${where}`
      traces.set(place, `${traces.has(place) ? `${traces.get(place)}\n` : ''}${value}`)
    }
  }
  traces.set('the status of the response', String(response.status))
  fields('the response', response.headers)
  traces.set('the body of the response', response.body)
  if (response.trailers !== undefined) fields('the trailers of the response', response.trailers)
  upstreamRequests.forEach(({ method, path, query, headers, body }) => {
    traces.set('the request line of the upstream request', `${method} ${path}${query}`)
    fields('the upstream request', headers)
    traces.set('the body of the upstream request', body)
  })
  for (const [name, value] of slots) traces.set(`the slot "${name}"`, text(value))
  return traces
}

/** A value as a text in which marks can be found. */
export function text(value: unknown): string {
  const seen = new Set<unknown>()
  try {
    const json = JSON.stringify(value, (_key, inner: unknown) => {
      if (typeof inner === 'bigint') return String(inner)
      if (typeof inner !== 'object' || inner === null) return inner
      if (seen.has(inner)) return undefined
      seen.add(inner)
      if (inner instanceof Map || inner instanceof Set) return [...inner]
      return inner instanceof Error ? `${inner.name}: ${inner.message}` : inner
    })
    return json ?? String(value)
  } catch {
    return String(value) // a getter that throws, or a value that can't be JSON
  }
}
