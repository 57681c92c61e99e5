import { Conversation } from './client.ts'

let probes = 0

/** A clean request on a new connection, and what was wrong with its answer. */
export async function cleanRequest(port: number, lane: number): Promise<{ target: string; wrong: string | undefined }> {
  const talk = new Conversation(port, [])
  const { target, wrong } = await ask(talk, lane)
  talk.destroy()
  return { target, wrong: wrong === '' ? undefined : wrong }
}

/** A further request on the same connection; empty if it got its own answer and no other. */
export const nextOn = async (talk: Conversation, lane: number): Promise<string> => (await ask(talk, lane)).wrong

async function ask(talk: Conversation, lane: number): Promise<{ target: string; wrong: string }> {
  const before = talk.answers.finals.length
  const target = `/l${lane}/probe-${probes++}`
  talk.send(`GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`, 'GET')
  await talk.until(() => talk.answers.broken !== undefined || talk.answers.finals[before]?.complete === true)
  return { target, wrong: ownAnswer(talk, before, target) }
}

function ownAnswer(talk: Conversation, index: number, target: string): string {
  const { finals, broken } = talk.answers
  if (broken !== undefined) return broken
  const answer = finals[index]
  if (answer === undefined) return talk.ended === 'open' ? 'no answer' : 'the connection ended'
  if (answer.body === `ok GET ${target}` && answer.complete) return ''
  return `${answer.start} ${JSON.stringify(answer.body.slice(0, 80))}`
}
