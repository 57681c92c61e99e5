import { STATUS_CODES } from 'node:http'
import { Body } from '../api/body.ts'
import type { Exchange } from '../api/exchange.ts'
import { HeaderList } from '../api/header-list.ts'
import type { LocalReply, Response } from '../api/reply.ts'

/**
 * Turns a filter's reply into a response; an error without a body of its own becomes a problem document (RFC 9457).
 * @param from the filter that returned it, if the reply itself does not know
 */
export function renderReply(x: Exchange, reply: LocalReply, from = 'engine'): Response {
  const { options, status, reason } = reply
  const headers = HeaderList.of(options.headers ?? {})
  const local = { filter: reply.filter ?? from, reason }
  if (options.body !== undefined || status < 400) {
    const body = options.body === undefined ? Body.empty() : Body.of(options.body)
    if (status >= 200 && status !== 204 && status !== 304) headers.set('Content-Length', String(body.length))
    return { status, statusText: undefined, headers, body, local }
  }
  const title = STATUS_CODES[status] ?? 'Error'
  const type = preferredType(x.request.headers.joined('accept'))
  const text = render[type]({
    type: 'about:blank',
    title,
    status,
    detail: options.detail,
    instance: x.request.path.slice(0, 2048),
    code: reason,
    ...options.extra,
    request_id: x.requestId,
    trace_id: x.traceId,
  })
  const body = Body.of(text)
  headers.set('Content-Type', type === 'application/problem+json' ? type : `${type}; charset=utf-8`)
  headers.set('Content-Length', String(body.length))
  headers.add('X-Content-Type-Options', 'nosniff')
  return { status, statusText: undefined, headers, body, local }
}

type ProblemType = 'application/problem+json' | 'text/html' | 'text/plain'
type Problem = Record<string, unknown>

const lines = (problem: Problem): [string, string][] =>
  Object.entries(problem)
    .filter(([key, value]) => value !== undefined && key !== 'type' && key !== 'title' && key !== 'status')
    .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)])

const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)

const render: Record<ProblemType, (problem: Problem) => string> = {
  'application/problem+json': (problem) => `${JSON.stringify(problem)}\n`,
  'text/plain': (problem) =>
    `${problem.status} ${problem.title}\n${lines(problem)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join('')}`,
  'text/html': (problem) => {
    const heading = escapeHtml(`${problem.status} ${problem.title}`)
    const rows = lines(problem).map(([key, value]) => `<dt>${escapeHtml(key)}</dt><dd>${escapeHtml(value)}</dd>`)
    return `<!doctype html><title>${heading}</title><h1>${heading}</h1><dl>${rows.join('')}</dl>\n`
  },
}

/**
 * The type that `Accept` prefers (RFC 9110 §12.5.1). JSON wins ties and everything unclear: programs rarely say what
 * they want, browsers always do.
 */
function preferredType(accept: string | undefined): ProblemType {
  if (accept === undefined || !/text\//i.test(accept)) return 'application/problem+json'
  let best: ProblemType = 'application/problem+json'
  let weight = 0
  for (const part of accept.slice(0, 1024).split(',')) {
    const [range = '', ...parameters] = part.split(';').map((s) => s.trim().toLowerCase())
    const q = Number(parameters.find((p) => p.startsWith('q='))?.slice(2) ?? 1)
    const type = RANGES[range]
    if (type === undefined || Number.isNaN(q) || q < weight) continue
    if (q === weight && type !== 'application/problem+json') continue
    best = type
    weight = q
  }
  return best
}

const RANGES: Readonly<Record<string, ProblemType>> = {
  'application/problem+json': 'application/problem+json',
  'application/json': 'application/problem+json',
  'application/*': 'application/problem+json',
  'text/html': 'text/html',
  'text/plain': 'text/plain',
  'text/*': 'text/plain',
  '*/*': 'application/problem+json',
}
