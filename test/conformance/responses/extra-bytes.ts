import { type Case, CHUNKED, type Group, get, HELLO } from '../case.ts'
import { distrusted, respond } from './framing.ts'

const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'

const extra: Case[] = (
  [
    ['one byte', 'X'],
    ['a line', '\r\nnonsense\r\n'],
    ['a whole answer', EVIL],
    ['an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ] as const
).flatMap(([name, bytes]): Case[] => [
  {
    name: `behind a body by length, ${name}`,
    source: 'RFC 9112 §9.2, §11.1',
    level: 'MUST',
    send: get(),
    answer: `${respond('Content-Length: 5')}hello${bytes}`,
    expect: [{ status: 200, body: 'hello', connection: 'kept', reused: false }, distrusted],
  },
  {
    name: `behind a chunked body, ${name}`,
    source: 'RFC 9112 §9.2, §11.1',
    level: 'MUST',
    send: get(),
    answer: respond(CHUNKED) + HELLO + bytes,
    expect: [{ status: 200, body: 'hello', connection: 'kept', reused: false }, distrusted],
  },
  {
    name: `a moment later, ${name}`,
    source: 'RFC 9112 §9.2, §11.1',
    level: 'MUST',
    send: [get(), { until: 'hello' }, { pause: 100 }],
    answer: [`${respond('Content-Length: 5')}hello`, { pause: 30 }, bytes],
    expect: { status: 200, body: 'hello', connection: 'kept', reused: false },
  },
])

export const extraBytes: Group = { name: 'response extra bytes', cases: extra }
