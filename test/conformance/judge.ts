import { type Expect, type FieldRules, NO, type Seen, type Wanted } from './case.ts'
import type { Answers } from './client.ts'
import { methodOf, type Recorded, targetOf } from './upstream.ts'
import { type Field, type Message, statusOf, valuesOf } from './wire.ts'

/** Everything that happened in one case. */
export interface Observed {
  readonly answers: Answers
  readonly ended: boolean
  /** What came of a further request on the client's connection; undefined: none was sent. */
  readonly again: string | undefined
  readonly requests: readonly Recorded[]
  readonly garbage: readonly string[]
  /** Whether the upstream's connection served the request that came next. */
  readonly reused: boolean | undefined
  /** What was wrong with a clean request afterwards. */
  readonly after: string | undefined
}

const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 300) ?? 'nothing'

/** Whether the statuses are those that are expected. */
export function hasStatus(expect: Expect, answers: Answers): boolean {
  const got = answers.finals.map(statusOf)
  if (expect.status === 'none') return got.length === 0
  if (expect.statuses !== undefined) return String(got) === String(expect.statuses)
  const allowed = typeof expect.status === 'number' ? [expect.status] : expect.status
  return got.length > 0 && allowed.includes(got[0]!)
}

/** What is not as it must be, under one of the expectations; empty if nothing. */
export function judge(expect: Expect, seen: Observed): string[] {
  const { answers, requests } = seen
  const wrong: string[] = []
  const final = answers.finals.at(-1)
  if (answers.broken !== undefined) wrong.push(`the client got what is no HTTP: ${answers.broken}`)
  if (!hasStatus(expect, answers)) {
    const want = expect.status === 'none' ? 'none' : (expect.statuses ?? expect.status)
    wrong.push(`status ${show(answers.finals.map(statusOf))} instead of ${want === NO ? 'a refusal' : show(want)}`)
  } else if (final !== undefined) wrong.push(...judgeAnswer(expect, final))
  if (expect.interim !== undefined && String(answers.interim) !== String(expect.interim))
    wrong.push(`interim ${show(answers.interim)} instead of ${show(expect.interim)}`)
  if (expect.tunnel !== undefined && answers.tunnel !== expect.tunnel)
    wrong.push(`tunnel ${show(answers.tunnel)} instead of ${show(expect.tunnel)}`)
  if (expect.connection === 'closed' && !seen.ended) wrong.push('the connection stayed open')
  if (expect.connection === 'kept' && seen.again !== '')
    wrong.push(`next on the connection: ${seen.again ?? 'nothing'}`)
  if (expect.reused !== undefined && seen.reused !== undefined && seen.reused !== expect.reused)
    wrong.push(`the upstream connection was ${seen.reused ? 'used again' : 'not used again'}`)
  if (expect.upstream === 'none whole') {
    if (requests.some(({ message }) => message.complete)) wrong.push('the upstream took it for a whole request')
  } else if (expect.upstream !== undefined) wrong.push(...judgeRequests(expect.upstream, requests))
  if (expect.upstream !== undefined)
    wrong.push(...seen.garbage.map((why) => `the upstream got what is no HTTP: ${why}`))
  if (seen.after !== undefined) wrong.push(`a clean request afterwards: ${seen.after}`)
  return wrong
}

function judgeAnswer(expect: Expect, message: Message): string[] {
  const wrong = judgeFields('answer', expect, message.fields)
  const { complete = true } = expect
  if (message.complete !== complete) wrong.push(`the answer is ${complete ? 'broken off' : 'whole to the client'}`)
  const reason = message.start.slice(13)
  if (expect.reason !== undefined && reason !== expect.reason) wrong.push(`reason ${show(reason)}`)
  if (expect.body !== undefined && !matches(expect.body, message.body))
    wrong.push(`answer's body ${show(message.body)}`)
  if (expect.trailers !== undefined) wrong.push(...judgeFields('answer trailer', expect.trailers, message.trailers))
  return wrong
}

function judgeRequests(expected: readonly Seen[], requests: readonly Recorded[]): string[] {
  if (requests.length !== expected.length) {
    const lines = requests.map(({ message }) => message.start)
    return [`the upstream saw ${requests.length} requests instead of ${expected.length}: ${show(lines)}`]
  }
  return expected.flatMap((want, index) => judgeRequest(want, requests[index]!.message))
}

function judgeRequest(want: Seen, message: Message): string[] {
  const wrong = judgeFields('request', want, message.fields)
  const { complete = true } = want
  if (want.method !== undefined && methodOf(message) !== want.method) wrong.push(`method ${methodOf(message)}`)
  // RFC 9110 §2.5: an intermediary speaks for itself.
  if (want.version !== undefined && !message.start.endsWith(want.version)) wrong.push(`version in ${message.start}`)
  const target = targetOf(message)
  if (want.target !== undefined && !matches(want.target, target)) wrong.push(`target ${show(target)} at the upstream`)
  if (want.body !== undefined && message.body !== want.body) wrong.push(`request's body ${show(message.body)}`)
  if (message.complete !== complete) wrong.push(`the request is ${complete ? 'broken off' : 'whole'} at the upstream`)
  if (want.trailers !== undefined) wrong.push(...judgeFields('request trailer', want.trailers, message.trailers))
  return wrong
}

function judgeFields(
  what: string,
  { has = {}, lacks = [], lacksValue = {} }: FieldRules,
  fields: readonly Field[],
): string[] {
  const wrong: string[] = []
  for (const [name, wanted] of Object.entries(has)) {
    const values = valuesOf(fields, name)
    if (!hasField(wanted, values)) wrong.push(`${what} field ${name}: ${show(values)} instead of ${wantedText(wanted)}`)
  }
  for (const name of lacks) {
    const values = valuesOf(fields, name)
    if (values.length > 0) wrong.push(`${what} field ${name}: ${show(values)} should be gone`)
  }
  for (const [name, value] of Object.entries(lacksValue)) {
    const values = valuesOf(fields, name)
    if (values.join(', ').includes(value)) wrong.push(`${what} field ${name}: ${show(values)}`)
  }
  return wrong
}

function hasField(wanted: Wanted, values: readonly string[]): boolean {
  if (wanted instanceof RegExp) return values.length > 0 && wanted.test(values.join(', '))
  return show(typeof wanted === 'string' ? [wanted] : wanted) === show(values)
}

const wantedText = (wanted: Wanted): string => (wanted instanceof RegExp ? String(wanted) : show(wanted))

const matches = (wanted: string | RegExp, text: string): boolean =>
  typeof wanted === 'string' ? wanted === text : wanted.test(text)
