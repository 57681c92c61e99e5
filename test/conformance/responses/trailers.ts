import { type Case, CHUNKED, type Group, get } from '../case.ts'
import { broken, distrusted, respond } from './framing.ts'

const trailers: Case[] = [
  ...[
    'X-T: v',
    'Content-Length: 3',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip',
    'Proxy-Connection: close',
    'Set-Cookie: a=b',
    'Content-Type: text/html',
    'Connection: close',
  ].map(
    (line): Case => ({
      name: `trailer ${line} stays out of the head`,
      source: 'RFC 9110 §6.5.1',
      level: 'MUST',
      send: get(),
      answer: `${respond(CHUNKED, 'Trailer: X-T')}5\r\nhello\r\n0\r\n${line}\r\n\r\n`,
      expect: {
        status: 200,
        body: 'hello',
        connection: 'kept',
        ...(/^T/.test(line)
          ? {}
          : /^Conn/.test(line)
            ? { lacksValue: { connection: 'close' } }
            : { lacks: [line.slice(0, line.indexOf(':')).toLowerCase()] }),
      },
    }),
  ),
  ...['no colon', 'X T: v', 'X: a\x00'].map(
    (line): Case => ({
      name: `bad trailer, ${JSON.stringify(line)}`,
      source: 'RFC 9112 §7.1.2',
      level: 'defence',
      send: get(),
      answer: `${respond(CHUNKED)}5\r\nhello\r\n0\r\n${line}\r\n\r\n`,
      expect: [{ status: 200, body: 'hello', connection: 'kept' }, ...broken, distrusted],
    }),
  ),
]

export const responseTrailers: Group = { name: 'response trailers', cases: trailers }
