import { ERRORS, type ErrorCode } from '../../api/errors.ts'
import { RULE_NAMES, type Rule } from './rule.ts'
import type { Scenario, Subject } from './subject.ts'

const codes = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => ERRORS[code].source === 'upstream')

const UPSTREAM: readonly Scenario[] = [
  ...codes.map((code): Scenario => ({ what: `the upstream fails with ${code}`, upstream: code })),
  ...[400, 404, 429, 500, 502, 503].map(
    (status): Scenario => ({ what: `the upstream returns ${status}`, upstream: { status, body: 'sorry' } }),
  ),
  {
    what: 'the response breaks off',
    upstream: { headers: { 'Content-Type': 'text/plain' }, body: ['half'], bodyError: 'upstream_reset' },
  },
  { what: 'the response breaks off before its first byte', upstream: { body: [], bodyError: 'upstream_idle_timeout' } },
  {
    what: 'the body of the request breaks off',
    request: { method: 'POST', body: ['half'], bodyError: 'request_body_timeout' },
  },
]

const CLIENT: readonly Scenario[] = [
  { what: 'the client leaves at once', request: { signal: AbortSignal.abort() } },
  { what: 'the client leaves when it has the head', request: { abortAfter: 'headers' } },
]

const CLIENT_WAITING: readonly Scenario[] = [
  {
    what: 'the client leaves while the upstream works',
    request: { method: 'POST', body: 'all', abortAfter: 50 },
    upstream: { delay: 100 },
  },
  {
    what: 'the client leaves in the middle of its body',
    request: () => {
      const client = new AbortController()
      setImmediate(() => setImmediate(() => client.abort()))
      return { method: 'POST', body: Array.from({ length: 50 }, () => 'part'), signal: client.signal }
    },
  },
  {
    what: 'the client leaves in the middle of the response',
    request: { abortAfter: 'headers' },
    upstream: { body: ['part', 'part'] },
  },
]

/** What breaks outside the filter is no error of the filter. */
export const FAILURES: Rule<Subject> = {
  name: RULE_NAMES.failures,
  check: (subject) =>
    subject.problemsOf(subject.factory.terminal === true ? CLIENT : [...UPSTREAM, ...CLIENT, ...CLIENT_WAITING]),
}
