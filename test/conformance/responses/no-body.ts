import { type Case, CHUNKED, type Group, get, HELLO, HOST, head } from '../case.ts'
import { distrusted, respond } from './framing.ts'

const headRequest = head('HEAD /@0/x HTTP/1.1', HOST)
const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'

const none: Case[] = [
  {
    name: 'HEAD with Content-Length',
    source: 'RFC 9110 §8.6, RFC 9112 §6.3',
    level: 'MUST',
    send: headRequest,
    answer: respond('Content-Length: 5'),
    expect: { status: 200, body: '', has: { 'content-length': '5' }, connection: 'kept' },
  },
  {
    name: 'HEAD with Transfer-Encoding',
    source: 'RFC 9112 §6.1, §6.3',
    level: 'MUST',
    send: headRequest,
    answer: respond(CHUNKED),
    expect: { status: 200, body: '', connection: 'kept' },
  },
  {
    name: 'HEAD without a length',
    source: 'RFC 9112 §6.3',
    level: 'MUST',
    send: headRequest,
    answer: respond(),
    expect: { status: 200, body: '', connection: 'kept' },
  },
  {
    name: 'HEAD answered with a body',
    source: 'RFC 9112 §6.3, §9.2',
    level: 'MUST',
    send: headRequest,
    answer: `${respond('Content-Length: 5')}hello`,
    expect: [{ status: 200, body: '', connection: 'kept', reused: false }, distrusted],
  },
  {
    name: 'HEAD answered with another answer behind it',
    source: 'RFC 9112 §9.2',
    level: 'MUST',
    send: headRequest,
    answer: respond('Content-Length: 5') + EVIL,
    expect: [{ status: 200, body: '', connection: 'kept', reused: false }, distrusted],
  },
  ...[204, 304].flatMap((status): Case[] => [
    {
      name: `${status} without a length`,
      source: 'RFC 9112 §6.3',
      level: 'MUST',
      send: get(),
      answer: head(`HTTP/1.1 ${status} X`),
      expect: { status, body: '', lacks: ['transfer-encoding'], connection: 'kept', reused: true },
    },
    {
      name: `${status} with Content-Length: 5`,
      source: 'RFC 9110 §8.6, RFC 9112 §6.3',
      level: 'MUST',
      send: get(),
      answer: head(`HTTP/1.1 ${status} X`, 'Content-Length: 5'),
      expect: [{ status, body: '', connection: 'kept' }, distrusted],
    },
    {
      name: `${status} with Content-Length and a body`,
      source: 'RFC 9112 §6.3, §9.2',
      level: 'MUST',
      send: get(),
      answer: `${head(`HTTP/1.1 ${status} X`, 'Content-Length: 5')}hello`,
      expect: [{ status, body: '', connection: 'kept', reused: false }, distrusted],
    },
    {
      name: `${status} with Transfer-Encoding`,
      source: 'RFC 9112 §6.1',
      level: 'MUST',
      send: get(),
      answer: head(`HTTP/1.1 ${status} X`, CHUNKED) + HELLO,
      expect: [{ status, body: '', connection: 'kept', reused: false }, distrusted],
    },
    {
      name: `${status} with another answer behind it`,
      source: 'RFC 9112 §9.2',
      level: 'MUST',
      send: get(),
      answer: head(`HTTP/1.1 ${status} X`) + EVIL,
      expect: [{ status, body: '', connection: 'kept', reused: false }, distrusted],
    },
  ]),
  {
    name: '205 with Content-Length: 0',
    source: 'RFC 9110 §15.3.6',
    level: 'MUST',
    send: get(),
    answer: head('HTTP/1.1 205 X', 'Content-Length: 0'),
    expect: { status: 205, body: '', connection: 'kept' },
  },
  {
    name: '200 with Content-Length: 0',
    source: 'RFC 9112 §6.3',
    level: 'MUST',
    send: get(),
    answer: respond('Content-Length: 0'),
    expect: { status: 200, body: '', has: { 'content-length': '0' }, connection: 'kept', reused: true },
  },
]

export const noBody: Group = { name: 'response no body', cases: none }
