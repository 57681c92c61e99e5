import { STATUS_CODES } from 'node:http'
import type { Answers } from '../client.ts'
import { type Field, type Message, statusOf, valuesOf } from '../wire.ts'
import type { AnswerMeaning, AnswerMeant } from './answer-meaning.ts'
import { RESPONSE_HOP } from './meaning.ts'

/** What the client had of an answer. */
export interface Delivered {
  readonly answers: Answers
  readonly ended: boolean
  /** What was wrong with a further request on the client's connection; undefined: none was sent. */
  readonly again: string | undefined
  /** Whether the upstream's connection served a further request. */
  readonly reused: boolean
  readonly after: string | undefined
  readonly garbage: readonly string[]
}

const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 400) ?? 'nothing'

export function judgeAnswer(meaning: AnswerMeaning, delivered: Delivered): string[] {
  const { answers, ended, again, reused, after, garbage } = delivered
  const wrong = garbage.map((why) => `the upstream got what is no HTTP: ${why}`)
  if (answers.broken !== undefined) wrong.push(`the client got what is no HTTP: ${answers.broken}`)
  if (after !== undefined) wrong.push(`a clean request afterwards: ${after}`)
  const mayEnd = again === 'the connection ended' && meaning.doubts.length > 0
  if (again !== undefined && again !== '' && !mayEnd) wrong.push(`next on the connection: ${again}`)
  if (answers.finals.length > 1) wrong.push(`${answers.finals.length} answers`)
  if (reused && meaning.spent) wrong.push('the connection to the upstream was used again')
  const right = meaning.whole && meaning.doubts.length === 0
  const interim = right ? sameList : isPartOf
  if (!interim(answers.interim, meaning.interim))
    wrong.push(`interim ${show(answers.interim)} instead of ${show(meaning.interim)}`)
  const [answer] = answers.finals
  if (answer === undefined) {
    if (right || !ended) wrong.push(`no answer, ended: ${ended}`)
  } else if (isRefusal(answer)) {
    if (right) wrong.push(`${show(answer.start)} for what is right: ${answer.body}`)
    if (!answer.complete) wrong.push('an unfinished refusal')
  } else if (meaning.head === undefined) wrong.push(`${show(answer.start)} for what means nothing`)
  else wrong.push(...judgeMessage(meaning, meaning.head, answer, ended))
  return wrong
}

const sameList = (a: readonly number[], b: readonly number[]): boolean => String(a) === String(b)

/** Whether all of `some` are among `all`, in their order. */
function isPartOf(some: readonly number[], all: readonly number[]): boolean {
  let at = 0
  for (const one of all) if (one === some[at]) at++
  return at === some.length
}

/** The gateway's own answers say so (RFC 9209). */
const isRefusal = (answer: Message): boolean =>
  [502, 504].includes(statusOf(answer)) &&
  valuesOf(answer.fields, 'proxy-status').some((value) => value.startsWith('weir; error='))

function judgeMessage(meaning: AnswerMeaning, meant: AnswerMeant, answer: Message, ended: boolean): string[] {
  const wrong: string[] = []
  if (statusOf(answer) !== meant.status) wrong.push(`status ${statusOf(answer)} instead of ${meant.status}`)
  const reason = answer.start.slice(13)
  // Weir may have but the end of it, if it came in pieces: docs/reference/http.md.
  const usual = reason === STATUS_CODES[meant.status] || !/^[\t -~]+$/.test(meant.reason)
  if (!meant.reason.endsWith(reason) && !usual) wrong.push(`reason ${show(reason)}`)
  const dated = meant.fields.some(([name]) => name.toLowerCase() === 'date')
  const got = answer.fields.filter(([name]) => !RESPONSE_HOP.has(name.toLowerCase()) && (dated || name !== 'Date'))
  // Of its errors it is said that they are the upstream's (RFC 9209).
  const blame: Field[] = meant.status < 500 ? [] : [['Proxy-Status', `weir; received-status=${meant.status}`]]
  const want: Field[] = [...meant.fields, ['Via', '1.1 weir'], ...blame]
  if (JSON.stringify(got) !== JSON.stringify(want)) wrong.push(`fields ${show(got)} instead of ${show(want)}`)
  if (answer.complete) {
    if (!meaning.whole) wrong.push('a broken answer looks whole')
    if (answer.body !== meaning.body) wrong.push(`body ${show(answer.body)} instead of ${show(meaning.body)}`)
  } else {
    if (meaning.whole && meaning.doubts.length === 0) wrong.push('broken off')
    if (!ended) wrong.push('unfinished, and the connection stays open')
    if (!meaning.body.startsWith(answer.body))
      wrong.push(`body ${show(answer.body)} is no part of ${show(meaning.body)}`)
  }
  return wrong
}
