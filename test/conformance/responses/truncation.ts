import { type Case, CHUNKED, type Group, get, HOST, head } from '../case.ts'
import { broken, distrusted, respond } from './framing.ts'

const truncated: Case[] = (['END', 'RESET'] as const).flatMap((end): Case[] => [
  ...(
    [
      ['by length', 'Content-Length: 10\r\n\r\nhello'],
      ['by length, before the first byte', 'Content-Length: 10\r\n\r\n'],
      ['in a chunk', `${CHUNKED}\r\n\r\n9\r\nhello`],
      ['behind a chunk', `${CHUNKED}\r\n\r\n5\r\nhello\r\n`],
      ['in the last chunk', `${CHUNKED}\r\n\r\n5\r\nhello\r\n0\r\n`],
      ['in the trailers', `${CHUNKED}\r\n\r\n5\r\nhello\r\n0\r\nX: y`],
    ] as const
  ).map(
    ([name, rest]): Case => ({
      name: `${end === 'END' ? 'ended' : 'reset'}, ${name}`,
      source: 'RFC 9112 §8',
      level: 'MUST',
      send: get(),
      answer: [`HTTP/1.1 200 OK\r\n${rest}`, { pause: 20 }, end],
      expect: [...broken, distrusted],
    }),
  ),
  ...['', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: '].map(
    (bytes): Case => ({
      name: `${end === 'END' ? 'ended' : 'reset'}, after ${bytes.length} bytes of the head`,
      source: 'RFC 9110 §15.6.3',
      level: 'MUST',
      send: get(),
      answer: [...(bytes === '' ? [] : [bytes]), { pause: 20 }, end],
      expect: { status: 502, connection: 'kept', reused: false },
    }),
  ),
  {
    name: `${end === 'END' ? 'ended' : 'reset'}, by length, to a client of HTTP/1.0`,
    source: 'RFC 9112 §8',
    level: 'MUST',
    send: head('GET /@0/x HTTP/1.0', HOST),
    answer: [`${respond('Content-Length: 10')}hello`, { pause: 20 }, end],
    expect: [...broken, { status: 502 }],
  },
  {
    name: `${end === 'END' ? 'ended' : 'reset'}, in a chunk, to a client of HTTP/1.0`,
    source: 'RFC 9112 §8',
    level: 'SHOULD',
    send: head('GET /@0/x HTTP/1.0', HOST),
    answer: [`${respond(CHUNKED)}9\r\nhello`, { pause: 20 }, end],
    expect: [...broken, { status: 502 }],
  },
])

const resetToTheEnd: Case = {
  name: 'reset where the body would end with the connection',
  source: 'RFC 9112 §8',
  level: 'MUST',
  send: get(),
  answer: [`${respond()}hello`, { pause: 20 }, 'RESET'],
  expect: [...broken, distrusted],
}

export const truncation: Group = { name: 'response truncation', cases: [...truncated, resetToTheEnd] }
