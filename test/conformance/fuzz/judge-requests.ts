import type { Answers } from '../client.ts'
import { methodOf, type Recorded, targetOf } from '../upstream.ts'
import { type Field, type Message, statusOf, valuesOf } from '../wire.ts'
import type { Meaning, Meant } from './meaning.ts'

/** What happened to the bytes of one connection. */
export interface Happened {
  readonly answers: Answers
  /** The gateway ended the connection before the client did. */
  readonly ended: boolean
  /** By a reset: an answer that was not read yet is lost, if bytes came behind it. */
  readonly reset: boolean
  /** What was wrong with a further request on the connection; undefined: none was sent. */
  readonly again: string | undefined
  readonly requests: readonly Recorded[]
  readonly garbage: readonly string[]
  readonly after: string | undefined
  /** What the upstream is called. */
  readonly origin: string
}

const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 400) ?? 'nothing'
export const saysClose = ({ fields }: Message): boolean =>
  valuesOf(fields, 'connection').some((value) => /(?:^|,)\s*close\s*(?:,|$)/i.test(value))

/** How many answers can come, unless the gateway refuses a request. */
export const answersTo = ({ requests, tail }: Meaning): number => {
  const last = requests.findIndex(({ closes }) => closes)
  if (last !== -1) return last + 1
  return requests.length + (tail !== 'nothing' && tail.kind === 'bad' ? 1 : 0)
}

/** Whether what was sent leaves the connection as it was: the next request on it is answered. */
export const keeps = ({ requests, tail }: Meaning): boolean =>
  tail === 'nothing' && requests.every(({ closes, mayClose }) => !closes && !mayClose)

/** Everything that is not as it must be. */
export function judgeRequests(meaning: Meaning, happened: Happened): string[] {
  const { answers, garbage, after } = happened
  const wrong: string[] = []
  if (answers.broken !== undefined) wrong.push(`the client got what is no HTTP: ${answers.broken}`)
  wrong.push(...garbage.map((why) => `the upstream got what is no HTTP: ${why}`))
  if (after !== undefined) wrong.push(`a clean request afterwards: ${after}`)
  const { requests, tail } = meaning
  const bytesBehind = requests.some(
    ({ closes }, index) => closes && (index < requests.length - 1 || tail !== 'nothing'),
  )
  return happened.reset && bytesBehind ? wrong : wrong.concat(judgeCourse(meaning, happened))
}

/** Answer by answer: whose it is, and whether the upstream saw what was meant. */
function judgeCourse({ requests: meant, tail }: Meaning, happened: Happened): string[] {
  const { answers, requests, again, ended } = happened
  const wrong: string[] = []
  const whole = requests.filter(({ message }) => message.complete)
  let served = 0
  let over = false
  let refused = false
  for (const [index, answer] of answers.finals.entries()) {
    if (over) return [...wrong, `an answer behind the last one: ${show(answer.start)}`]
    if (!answer.complete) return [...wrong, `an unfinished answer: ${show(answer.start)}`]
    over = saysClose(answer)
    const one = meant[index]
    if (one === undefined) {
      if (tail === 'nothing') return [...wrong, `an answer to nothing: ${show(answer.start)}`]
      // `Max-Forwards: 0`, answered before the body came.
      const early = statusOf(answer) === 204 && tail.head?.start.startsWith('OPTIONS') === true
      if (statusOf(answer) < 400 && !early) wrong.push(`status ${statusOf(answer)} for what is no request`)
      // By its head alone: then the rest of the body may be read, and the connection kept.
      if (!over && (tail.kind !== 'part' || tail.head === undefined))
        wrong.push('a refusal that does not say that the connection ends')
      refused = true
    } else if (isServed(one, answer)) {
      const recorded = whole[served++]
      wrong.push(
        ...(recorded === undefined
          ? ['the upstream never saw it']
          : judgeServed(one, recorded.message, happened.origin)),
      )
      if (one.closes && !over && one.version === '1.1') wrong.push('an answer that does not say that it is the last')
      over ||= one.closes
    } else {
      wrong.push(...judgeLocal(one, answer))
      if (over) refused = true
    }
  }
  if (whole.length !== served)
    wrong.push(`the upstream saw ${whole.length} whole requests for ${served} answers: ${starts(whole)}`)
  wrong.push(...judgeUnfinished(meant, tail, happened, answers.finals.length))
  if (over || refused) {
    if (!ended) wrong.push('the connection stayed open')
  } else if (answers.finals.length < meant.length) {
    // A request that is refused amid its body may have nothing but the end of its connection for an answer.
    const one = meant[answers.finals.length]!
    const last = meant[answers.finals.length - 1]
    if (!ended || (one.doubts.length === 0 && last?.mayClose !== true))
      wrong.push(`no answer to ${one.method} ${one.target}, ended: ${ended}`)
  } else if (tail === 'nothing') {
    if (again === undefined ? !meant.some(({ mayClose }) => mayClose) : again !== '')
      wrong.push(`next on the connection: ${again ?? 'ended'}`)
  } else if (tail.kind === 'bad' && !meant.some(({ mayClose }) => mayClose) && (!ended || tail.head === undefined))
    wrong.push(ended ? `no answer to what is bad: ${tail.why}` : `nothing was done about what is bad: ${tail.why}`)
  return wrong
}

const starts = (all: readonly Recorded[]): string => show(all.map(({ message }) => message.start))

function isServed({ method, target }: Meant, answer: Message): boolean {
  if (statusOf(answer) !== 200 || target === undefined) return false
  return answer.body === (method === 'HEAD' ? '' : `ok ${method} ${target}`)
}

function judgeLocal({ target, doubts, local, method }: Meant, answer: Message): string[] {
  const status = statusOf(answer)
  if (status !== 204 && status < 400) return [`${show(answer.start)} with ${show(answer.body)} for ${method} ${target}`]
  if (target === undefined || doubts.length > 0 || local) return []
  return [`${status} for what is right: ${method} ${target}`]
}

/** The upstream may have the beginning of one request, that broke off. */
function judgeUnfinished(
  meant: readonly Meant[],
  tail: Meaning['tail'],
  { requests }: Happened,
  answered: number,
): string[] {
  const unfinished = requests.filter(({ message }) => !message.complete)
  const [first] = unfinished
  if (first === undefined) return []
  if (unfinished.length > 1) return [`the upstream saw several that broke off: ${starts(unfinished)}`]
  const broken = tail !== 'nothing' && answered >= meant.length - 1 ? tail : undefined
  const doubtful = meant[Math.max(answered - 1, 0)]
  const body = broken?.body ?? doubtful?.body ?? ''
  if (broken === undefined && doubtful?.doubts.length === 0)
    return [`broken off at the upstream: ${starts(unfinished)}`]
  return body.startsWith(first.message.body) || doubtful?.body.startsWith(first.message.body) === true
    ? []
    : [`the upstream got a body that was not sent: ${show(first.message.body)}`]
}

/** Fields that the gateway writes; all but `Via` once. */
const OWN = [
  'host',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-forwarded-prefix',
  'forwarded',
  'x-request-id',
]
const OWN_OR_FRAMING = new Set([...OWN, 'connection', 'content-length', 'transfer-encoding'])

function judgeServed(one: Meant, message: Message, origin: string): string[] {
  const wrong: string[] = []
  const target = targetOf(message)
  if (methodOf(message) !== one.method || target !== one.target)
    wrong.push(`${show(message.start)} instead of ${show(`${one.method} ${one.target}`)}`)
  if (message.body !== one.body) wrong.push(`body ${show(message.body)} instead of ${show(one.body)}`)
  if (message.trailers.length > 0) wrong.push(`trailers ${show(message.trailers)}`)
  const got = message.fields
    .filter(([name]) => !OWN_OR_FRAMING.has(name.toLowerCase()))
    .map(([name, value]): Field => [name, name === 'Via' ? value.replace(/ weir-[0-9a-f]{8}$/, ' weir') : value])
  const want: Field[] = [...one.fields, ['Via', `${one.version} weir`]]
  if (JSON.stringify(got) !== JSON.stringify(want)) wrong.push(`fields ${show(got)} instead of ${show(want)}`)
  for (const name of OWN) if (valuesOf(message.fields, name).length !== 1) wrong.push(`not one ${name}`)
  const own: Readonly<Record<string, string>> = {
    host: target.startsWith('/h') && one.host !== '' ? one.host : origin,
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': one.host,
    'x-forwarded-proto': 'http',
    'x-real-ip': '127.0.0.1',
  }
  for (const [name, value] of Object.entries(own))
    if (valuesOf(message.fields, name)[0] !== value)
      wrong.push(`${name} ${show(valuesOf(message.fields, name))} instead of ${show(value)}`)
  return wrong
}
