import type { Case, Expect, Group, Step } from './case.ts'
import { Conversation } from './client.ts'
import { hasStatus, judge, type Observed } from './judge.ts'
import { cleanRequest, nextOn } from './probe.ts'
import { isProbe, type Recorded, targetOf, Upstream } from './upstream.ts'
import type { Field, Message } from './wire.ts'

/** A gateway that is up. */
export interface Subject {
  readonly name: string
  readonly port: number
  stop(): Promise<void>
}

export interface Result {
  /** `group/name`. */
  readonly id: string
  readonly case: Case
  /** What is wrong; empty if it passed. */
  readonly wrong: readonly string[]
  readonly ms: number
}

/** Cases run side by side, each lane with an endpoint and an upstream of its own. */
export const LANES = 8

/** Starts the upstreams, one a lane. */
export async function openUpstreams(): Promise<Upstream[]> {
  const upstreams = Array.from({ length: LANES }, () => new Upstream())
  await Promise.all(upstreams.map((upstream) => upstream.open()))
  return upstreams
}

/** Runs every case that is meant for the subject. */
export async function runAll(
  subject: Subject,
  upstreams: readonly Upstream[],
  groups: readonly Group[],
): Promise<Result[]> {
  const jobs = groups.flatMap((group) =>
    group.cases
      .filter(({ only }) => only === undefined || only === subject.name)
      .map((one) => ({ id: `${group.name}/${one.name}`, case: one })),
  )
  const results = new Map<string, Result>()
  let next = 0
  const work = async (upstream: Upstream, number: number): Promise<void> => {
    const lane = new CompiledChain(subject.port, upstream, number)
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
      const start = performance.now()
      const wrong = await lane.run(job.case)
      results.set(job.id, { ...job, wrong, ms: performance.now() - start })
    }
  }
  await Promise.all(upstreams.map(work))
  return jobs.map(({ id }) => results.get(id)!)
}

/** One case at a time. */
class CompiledChain {
  readonly #port: number
  readonly #upstream: Upstream
  readonly #number: number

  constructor(port: number, upstream: Upstream, number: number) {
    this.#port = port
    this.#upstream = upstream
    this.#number = number
  }

  async run(one: Case): Promise<readonly string[]> {
    const expects: readonly Expect[] = Array.isArray(one.expect) ? one.expect : [one.expect as Expect]
    const script = one.answer === undefined ? undefined : this.#steps(one.answer)
    this.#upstream.begin(script && { steps: script, on: one.answerOn ?? 'request' })
    const steps = this.#steps(one.send)
    const talk = new Conversation(this.#port, methodsOf(steps), one.from)
    await talk.play(steps)
    const count = Math.max(...expects.map(({ statuses }) => statuses?.length ?? 1))
    const tunnel = Math.max(...expects.map(({ tunnel: text = '' }) => text.length))
    await talk.until(() => {
      const { finals, tunnel: text, broken } = talk.answers
      return (
        broken !== undefined || (finals.filter(({ complete }) => complete).length >= count && text.length >= tunnel)
      )
    })
    const answers = talk.answers
    const fitting = expects.find((expect) => hasStatus(expect, answers)) ?? expects[0]!
    let again: string | undefined
    await this.#upstream.done()
    if (fitting.connection === 'closed') await talk.until(() => false)
    else if (fitting.connection === 'kept') again = await nextOn(talk, this.#number)
    const ended = talk.ended !== 'open'
    talk.destroy()
    const probe = await cleanRequest(this.#port, this.#number)
    const { requests, garbage } = this.#upstream
    const mine = requests.filter(({ message }) => !isProbe(targetOf(message)))
    const last = requests.find(({ message }) => targetOf(message) === probe.target)
    const observed: Observed = {
      answers: {
        ...answers,
        finals: answers.finals.map((message) => this.#neutral(message)),
        tunnel: this.#plain(answers.tunnel),
      },
      ended,
      again,
      requests: mine.map((recorded) => ({ ...recorded, message: this.#neutral(recorded.message) })),
      garbage,
      reused: reused(mine, last),
      after: probe.wrong,
    }
    const verdicts = expects.map((expect) => judge(expect, observed))
    const best = verdicts.find(({ length }) => length === 0) ?? judge(fitting, observed)
    return best
  }

  #steps(send: string | readonly Step[]): Step[] {
    const steps = typeof send === 'string' ? [send] : send
    const filled = (text: string): string =>
      text
        .replaceAll('@0', `l${this.#number}`)
        .replaceAll('@%', `%6c${this.#number}`)
        .replaceAll('@h', `h${this.#number}`)
    return steps.map((step) => (typeof step === 'string' ? filled(step) : step))
  }

  /** Text without what differs from lane to lane. */
  #plain(text: string): string {
    return text
      .replaceAll(`/l${this.#number}`, '/@0')
      .replaceAll(`/%6c${this.#number}`, '/@%')
      .replaceAll(`/h${this.#number}`, '/@h')
      .replaceAll(`127.0.0.1:${this.#upstream.port}`, 'upstream')
  }

  #neutral(message: Message): Message {
    const plain = (fields: readonly Field[]): Field[] => fields.map(([name, value]) => [name, this.#plain(value)])
    return {
      ...message,
      start: this.#plain(message.start),
      fields: plain(message.fields),
      body: this.#plain(message.body),
      trailers: plain(message.trailers),
    }
  }
}

/** Methods of the requests in what is sent, as far as they stand at the beginning of a step or line. */
function methodsOf(steps: readonly Step[]): string[] {
  const text = steps.filter((step) => typeof step === 'string').join('')
  return [...text.matchAll(/(?:^|\n)([A-Za-z]+) \S+ HTTP\/1\.\d\r?\n/g)].map(([, method]) => method!)
}

function reused(mine: readonly Recorded[], probe: Recorded | undefined): boolean | undefined {
  const last = mine.at(-1)
  return last === undefined || probe === undefined ? undefined : last.connection === probe.connection
}
