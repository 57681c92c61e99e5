import type { Role } from './pieces.ts'

/** What has no place where it is put, or ends something there for some readers. */
export const STRAY = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  '\0',
  ':',
  '\v',
  '\f',
  ',',
  ';',
  '\x7f',
  '\x85',
  '\xa0',
  '\r\n ',
  '\r\n\r\n',
  '#',
  '"',
  '0',
]

type Change = (text: string) => string
const whole = (...texts: readonly string[]): Change[] => texts.map((text) => () => text)
const around = (...pairs: readonly (readonly [string, string])[]): Change[] =>
  pairs.map(
    ([before, behind]) =>
      (text) =>
        before + text + behind,
  )
const number: readonly Change[] = [
  ...around(
    ['+', ''],
    ['-', ''],
    ['0x', ''],
    [' ', ''],
    ['', ' '],
    ['', '_0'],
    ['', ','],
    ['', '.0'],
    ['', 'e0'],
    ['', ' 5'],
    ['0', ''],
  ),
  ...around(
    ['', 'h'],
    ['', '\t'],
    ['', '\0'],
    ['\v', ''],
    ['', ';'],
    ['', '; '],
    ['', ' ;a'],
    ['', ';\n'],
    ['', ';a\r'],
  ),
  ...whole('', '0', '1', '00', 'fffffffffffffffff', '18446744073709551621', '4294967301', '9007199254740993', '\xb2'),
]

/** What goes wrong at places of one kind. */
export const ODD: Readonly<Partial<Record<Role, readonly Change[]>>> = {
  eol: whole('\n', '\r', '', '\r\r\n', '\n\r', '\r\n\r\n', ' \r\n', '\r\n ', '\r\n\t', '\0\r\n', '\n\n'),
  sp: whole('', '  ', '\t', '\r', '\v', '\xa0', ' \t', '\n'),
  colon: whole('', ' : ', '\t:', '::', ':\r\n ', ' ', '\0:', ':\r', ':\n', ':\v', '=', ':\xa0'),
  version: whole(
    'HTTP/1.0',
    'HTTP/1.1',
    'HTTP/2.0',
    'HTTP/0.9',
    'HTTP/1.2',
    'http/1.1',
    'HTTP/1.10',
    'HTTP/01.1',
    'RTSP/1.0',
    'HTTP/1',
    '',
  ),
  method: whole('get', 'GETT', 'CONNECT', 'TRACE', 'PRI', 'FOO', 'HEAD', 'SOURCE', '', 'G ET', '"GET"'),
  status: whole('100', '101', '199', '204', '304', '000', '099', '600', '999', '1000', '20', '-200', '2 0', '20x', ''),
  target: [
    ...around(
      ['', '#f'],
      ['', '\0'],
      ['', ' x'],
      ['', '\t'],
      ['', '\xff'],
      ['', '|"<'],
      ['', '\\'],
      ['', '/..'],
      ['/', ''],
      ['http://b.test', ''],
    ),
    ...around(
      ['http://', ''],
      ['http://u@b.test', ''],
      ['ftp://b.test', ''],
      ['http://b.test:99999', ''],
      ['', '/%2e%2e/'],
    ),
    ...whole('*', '/', '', '/nowhere', 'b.test:80', 'http://b.test', '?', '//', '/@0', '/@0?', '/@0%2f'),
  ],
  host: [
    ...around(['u@', ''], ['', '/'], ['', ', b.test'], ['', ':x'], ['', ':99999'], ['[', ''], ['', '?'], ['', ' b']),
    ...whole('', ':80', '[::', '\xff'),
  ],
  length: [
    ...number,
    (text) => String(Number(text) + 1),
    (text) => String(Number(text) - 1),
    (text) => `${text}, ${text}`,
    (text) => `${text},${text}0`,
  ],
  size: [
    ...number,
    (text) => `${text}0`,
    (text) => (Number.parseInt(text, 16) + 1).toString(16),
    (text) => (Number.parseInt(text, 16) - 1).toString(16),
  ],
  coding: [
    ...whole(
      '',
      'identity',
      'gzip',
      'gzip, chunked',
      'chunked, gzip',
      'chunked, chunked',
      'xchunked',
      'chunkedx',
      '"chunked"',
      ',chunked',
      'chunked,',
    ),
    ...around(['', ' '], ['', '\t'], ['\v', ''], ['', ';a=b'], ['\0', ''], ['', '\r\n ']),
  ],
  extension: [
    ...whole(
      ';',
      ' ;a',
      ';a = b',
      ';a="\\""',
      ';a="\r\n"',
      ';a\n',
      ';a\rb',
      ';\0',
      ';=',
      ';a=',
      ' ',
      ';\xff',
      ';a="\xff',
      ',a',
    ),
    ...around(['', '\n']),
  ],
  name: [
    ...around([' ', ''], ['', ' '], ['\t', ''], ['', '\0'], ['', '\r'], ['\xff', ''], ['(', ''], ['', '\v']),
    ...whole(
      '',
      'Content-Length',
      'Transfer-Encoding',
      'Host',
      'Connection',
      'Expect',
      'Content_Length',
      'Upgrade',
      'X-Forwarded-For',
    ),
  ],
  value: around(
    ['', '\0'],
    ['', '\r'],
    ['', '\n'],
    ['\r\n ', ''],
    ['', '\r\nX-B: b'],
    ['', '\x7f'],
    ['\x01', ''],
    ['', '\nX-B: b'],
  ),
}

/** Lines that somebody could slip in. */
export const LINES = [
  ...['0', '5', '+5', '5, 5', '-1', '0x5', '', '00', '3'].map((value) => `Content-Length: ${value}`),
  ...['chunked', 'gzip', 'identity', '', 'chunked, chunked', '\vchunked', 'x'].map(
    (value) => `Transfer-Encoding: ${value}`,
  ),
  ...[
    'Transfer-Encoding : chunked',
    'Transfer_Encoding: chunked',
    ' Content-Length: 5',
    'Content-Length',
    'Content-Length\0: 5',
  ],
  ...[
    'Host: b.test',
    'Host:',
    'Host: a.test, b.test',
    'Connection: close',
    'Connection: X-A, close',
    'Connection: keep-alive',
  ],
  ...[
    'Connection: Transfer-Encoding',
    'Connection: Content-Length, Host',
    'Expect: 100-continue',
    'Expect: x',
    'Upgrade: h2c',
  ],
  ...[
    ' folded',
    '\t',
    ':',
    ': v',
    'no colon',
    'A: b\rC: d',
    'A: b\nC: d',
    'A:\0',
    '0',
    '0\r\n',
    'GET /@0/smuggled HTTP/1.1',
  ],
]
