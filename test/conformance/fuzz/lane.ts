import type { Step } from '../case.ts'
import { Conversation } from '../client.ts'
import { cleanRequest, nextOn } from '../probe.ts'
import { isProbe, targetOf, type Upstream } from '../upstream.ts'
import { answerMeaning, type End } from './answer-meaning.ts'
import { judgeAnswer } from './judge-answers.ts'
import { answersTo, type Happened, judgeRequests, keeps } from './judge-requests.ts'
import { meaningOf } from './meaning.ts'

/** Segments one by one: without a pause the kernel would join them. */
export const steps = (segments: readonly string[]): Step[] =>
  segments.flatMap((text, index) => (index === 0 ? [text] : [{ pause: 2 }, text]))

/** One endpoint, its upstream, and one sample at a time. */
export class FuzzLane {
  readonly #port: number
  readonly #upstream: Upstream
  readonly #number: number

  constructor(port: number, upstream: Upstream, number: number) {
    this.#port = port
    this.#upstream = upstream
    this.#number = number
  }

  /** Text for this lane. */
  own(text: string): string {
    return text.replaceAll('@0', `l${this.#number}`).replaceAll('@h', `h${this.#number}`)
  }

  /** Whether it could reach the upstream of another lane: what comes of it can't be told then. */
  strays(text: string): boolean {
    return [...text.matchAll(/\/[lh](\d)/g)].some(([, number]) => Number(number) !== this.#number)
  }

  /** Sends what a client sends; gives what is wrong with what came of it. */
  async requests(segments: readonly string[]): Promise<string[]> {
    const meaning = meaningOf(segments.join(''))
    this.#upstream.begin(undefined)
    const talk = new Conversation(this.#port, meaning.methods)
    await talk.play(steps(segments))
    const wanted = answersTo(meaning)
    await talk.until(() => {
      const { finals, broken } = talk.answers
      return broken !== undefined || finals.filter(({ complete }) => complete).length >= wanted
    })
    const { tail } = meaning
    let again: string | undefined
    const answered = talk.answers
    const goesOn = keeps(meaning) && answered.finals.length === meaning.requests.length
    if (goesOn && talk.ended === 'open' && !this.#closing(talk)) again = await nextOn(talk, this.#number)
    else {
      const mayWait = tail !== 'nothing' && tail.kind === 'part' && !this.#closing(talk)
      if (mayWait || meaning.requests.some(({ mayClose }) => mayClose)) await talk.play(['END'])
      await talk.until(() => false)
    }
    const answers = again === undefined ? talk.answers : answered
    const { ended: how } = talk
    talk.destroy()
    const { wrong: after } = await cleanRequest(this.#port, this.#number)
    const { requests, garbage, port } = this.#upstream
    const happened: Happened = {
      answers,
      ended: how !== 'open',
      reset: how === 'reset',
      again,
      requests: requests.filter(({ message }) => !isProbe(targetOf(message))),
      garbage,
      after,
      origin: `127.0.0.1:${port}`,
    }
    return judgeRequests(meaning, happened)
  }

  /** Has the upstream give this answer to a request; gives what is wrong with what came of it. */
  async answer(segments: readonly string[], method: string, version: string, end: End): Promise<string[]> {
    const bytes = segments.join('')
    const meaning = answerMeaning(bytes, method, end)
    if (meaning.beyondJudgement) return []
    const ending = meaning.needsEnd && end === 'HOLD' ? 'END' : end
    this.#upstream.begin({ steps: [...steps(segments), ending], on: 'request' })
    const talk = new Conversation(this.#port, [method])
    await talk.play([`${method} /l${this.#number}/x HTTP/${version}\r\nHost: a.test\r\n\r\n`])
    await talk.until(() => talk.answers.broken !== undefined || talk.answers.finals[0]?.complete === true)
    await this.#upstream.done()
    const { answers } = talk
    let again: string | undefined
    if (version === '1.0' || answers.finals[0]?.complete !== true || this.#closing(talk)) await talk.until(() => false)
    else again = await nextOn(talk, this.#number)
    const ended = talk.ended !== 'open'
    const last = version === '1.0' ? talk.answers : answers
    talk.destroy()
    const { wrong: after } = await cleanRequest(this.#port, this.#number)
    const { requests, garbage } = this.#upstream
    const connections = requests.map(({ connection }) => connection)
    const reused = connections.slice(1).includes(connections[0]!)
    const meant = answerMeaning(bytes, method, ending)
    // RFC 9110 §15.2: HTTP/1.0 knows no interim responses.
    const interim = version === '1.0' ? [] : meant.interim
    return judgeAnswer({ ...meant, interim }, { answers: last, ended, again, reused, after, garbage })
  }

  #closing(talk: Conversation): boolean {
    return talk.answers.finals.some(({ fields }) =>
      fields.some(([name, value]) => /^connection$/i.test(name) && /close/i.test(value)),
    )
  }
}
