import { type Case, CHUNKED, type Group, HELLO, HOST, head, passed, post, refused } from '../case.ts'

const SOURCE = 'RFC 9110 §10.1.1'
const CONTINUE = 'HTTP/1.1 100'

const cases: Case[] = [
  ...['100-continue', '100-Continue', '100-CONTINUE'].map(
    (value): Case => ({
      name: `the client waits for 100, ${value}`,
      source: SOURCE,
      level: 'MUST',
      send: [post([`Expect: ${value}`, 'Content-Length: 5'], ''), { until: CONTINUE }, 'hello'],
      expect: passed({ body: 'hello' }, { interim: [100] }),
    }),
  ),
  {
    name: 'the client waits for 100, with a chunked body',
    source: SOURCE,
    level: 'MUST',
    send: [post(['Expect: 100-continue', CHUNKED], ''), { until: CONTINUE }, HELLO],
    expect: passed({ body: 'hello' }, { interim: [100] }),
  },
  {
    name: 'the client does not wait',
    source: SOURCE,
    level: 'MUST',
    send: post(['Expect: 100-continue', 'Content-Length: 5'], 'hello'),
    expect: [passed({ body: 'hello' }, { interim: [] }), passed({ body: 'hello' }, { interim: [100] })],
  },
  {
    name: 'without a body there is nothing to go on with',
    source: 'RFC 9110 §10.1.1, RFC 9112 §9.3',
    level: 'SHOULD',
    send: head('GET /@0/x HTTP/1.1', HOST, 'Expect: 100-continue'),
    expect: [passed({ body: '' }, { interim: [] }), passed({ body: '' }, { interim: [100] })],
  },
  {
    name: 'with Content-Length: 0',
    source: 'RFC 9110 §10.1.1, RFC 9112 §9.3',
    level: 'SHOULD',
    send: post(['Expect: 100-continue', 'Content-Length: 0'], ''),
    expect: passed({ body: '' }),
  },
  {
    name: 'of HTTP/1.0 it is ignored',
    source: SOURCE,
    level: 'MUST',
    send: `${head('POST /@0/x HTTP/1.0', HOST, 'Expect: 100-continue', 'Content-Length: 5')}hello`,
    expect: { status: 200, interim: [], upstream: [{ target: '/@0/x', body: 'hello' }] },
  },
  ...['foo', '200-ok', '100-continue, foo', '100-continu', '100', ''].map(
    (value): Case => ({
      name: `another expectation, "${value}"`,
      source: SOURCE,
      level: 'MUST',
      send: post([`Expect: ${value}`, 'Content-Length: 5'], 'hello'),
      expect: [refused(417, 400), passed({ body: 'hello' })],
    }),
  ),
  {
    name: 'refused before the body is asked for',
    source: 'RFC 9110 §10.1.1, RFC 9112 §9.3',
    level: 'MUST',
    send: head('POST /nowhere HTTP/1.1', HOST, 'Expect: 100-continue', 'Content-Length: 5'),
    expect: { status: 404, interim: [], upstream: [] },
  },
  {
    name: 'refused, and the body comes all the same',
    source: 'RFC 9110 §10.1.1, RFC 9112 §9.3',
    level: 'MUST',
    send: `${head('POST /nowhere HTTP/1.1', HOST, 'Expect: 100-continue', 'Content-Length: 47')}GET /@0/smuggled HTTP/1.1\r\nHost: a.test\r\n\r\nabcd`,
    expect: { status: 404, upstream: [] },
  },
  {
    name: 'the upstream refuses before it has the body',
    source: SOURCE,
    level: 'MUST',
    send: [post(['Expect: 100-continue', 'Content-Length: 5'], ''), { until: 'HTTP/1.1 ' }, 'hello'],
    answer: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
    answerOn: 'head',
    expect: { status: 403, body: 'no' },
  },
  {
    name: 'the upstream answers 417',
    source: SOURCE,
    level: 'MUST',
    send: [post(['Expect: 100-continue', 'Content-Length: 5'], 'hello')],
    answer: 'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n',
    expect: { status: 417, body: '' },
  },
]

export const expectation: Group = { name: 'expect', cases }
