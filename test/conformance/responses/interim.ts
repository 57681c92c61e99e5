import { type Case, type Group, get, HOST, head } from '../case.ts'
import { distrusted, respond } from './framing.ts'

const FINAL = `${respond('Content-Length: 5')}hello`
const SOURCE = 'RFC 9110 §15.2'

const harmless: Case[] = [100, 102, 103, 110, 199].map((status) => ({
  name: `${status} is not the answer`,
  source: SOURCE,
  level: 'MUST',
  send: get(),
  answer: head(`HTTP/1.1 ${status} X`) + FINAL,
  expect: { status: 200, body: 'hello', connection: 'kept', reused: true },
}))

const forwarded: Case[] = [102, 103, 110].map((status) => ({
  name: `${status} goes on to the client`,
  source: SOURCE,
  level: 'MUST',
  send: get(),
  answer: head(`HTTP/1.1 ${status} X`, 'Link: </a.css>; rel=preload') + FINAL,
  expect: { status: 200, body: 'hello', interim: [status], connection: 'kept' },
}))

const others: Case[] = [
  {
    name: 'two of them',
    source: SOURCE,
    level: 'MUST',
    send: get(),
    answer: head('HTTP/1.1 103 X', 'Link: </a>') + head('HTTP/1.1 103 X', 'Link: </b>') + FINAL,
    expect: { status: 200, body: 'hello', connection: 'kept' },
  },
  {
    name: 'none to a client of HTTP/1.0',
    source: SOURCE,
    level: 'MUST',
    send: head('GET /@0/x HTTP/1.0', HOST),
    answer: head('HTTP/1.1 103 X', 'Link: </a>') + FINAL,
    expect: { status: 200, body: 'hello', interim: [] },
  },
  {
    name: 'its fields are not those of the answer',
    source: SOURCE,
    level: 'MUST',
    send: get(),
    answer: head('HTTP/1.1 103 X', 'Link: </a>', 'Set-Cookie: a=b') + FINAL,
    expect: { status: 200, body: 'hello', lacks: ['link', 'set-cookie'], connection: 'kept' },
  },
  ...['Content-Length: 5', 'Content-Length: 0', 'Transfer-Encoding: chunked'].map(
    (line): Case => ({
      name: `one with ${line} has no body all the same`,
      source: 'RFC 9112 §6.1, §6.3',
      level: 'MUST',
      send: get(),
      answer: head('HTTP/1.1 103 X', line) + FINAL,
      expect: [{ status: 200, body: 'hello', connection: 'kept' }, distrusted],
    }),
  ),
  ...(['END', 'RESET'] as const).map(
    (end): Case => ({
      name: `nothing behind it: ${end === 'END' ? 'ended' : 'reset'}`,
      source: 'RFC 9110 §15.6.3',
      level: 'MUST',
      send: get(),
      answer: [head('HTTP/1.1 103 X'), { pause: 20 }, end],
      expect: { status: 502, connection: 'kept', reused: false },
    }),
  ),
  {
    name: 'silence behind it',
    source: 'RFC 9110 §15.6.5',
    level: 'MUST',
    send: get(),
    answer: head('HTTP/1.1 103 X'),
    expect: { status: 504, connection: 'kept', reused: false },
  },
  {
    name: '101 that nobody asked for',
    source: 'RFC 9110 §7.8, §15.2.2',
    level: 'MUST',
    send: get(),
    answer: head('HTTP/1.1 101 Switching Protocols', 'Connection: upgrade', 'Upgrade: foo') + FINAL,
    expect: distrusted,
  },
  {
    name: '101 to websocket that nobody asked for',
    source: 'RFC 9110 §7.8, §15.2.2',
    level: 'MUST',
    send: get(),
    answer: head('HTTP/1.1 101 Switching Protocols', 'Connection: upgrade', 'Upgrade: websocket') + FINAL,
    expect: distrusted,
  },
  {
    name: '101 without a word on what',
    source: 'RFC 9110 §15.2.2',
    level: 'MUST',
    send: get(),
    answer: head('HTTP/1.1 101 Switching Protocols') + FINAL,
    expect: distrusted,
  },
  {
    name: 'a thousand of them',
    source: SOURCE,
    level: 'defence',
    send: get(),
    answer: head('HTTP/1.1 103 X').repeat(1000) + FINAL,
    expect: [{ status: 200, body: 'hello', connection: 'kept' }, distrusted],
  },
  {
    name: 'one with a bad field',
    source: 'RFC 9112 §5',
    level: 'defence',
    send: get(),
    answer: head('HTTP/1.1 103 X', 'no colon') + FINAL,
    expect: [distrusted, { status: 200, body: 'hello', connection: 'kept' }],
  },
]

export const interim: Group = { name: 'response interim', cases: [...harmless, ...forwarded, ...others] }
