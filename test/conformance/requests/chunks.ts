import { brokenOff, type Case, CHUNKED, type Expect, type Group, passed, post, shown } from '../case.ts'

const SOURCE = 'RFC 9112 §7.1'

const good: Case[] = (
  [
    ['one chunk', '5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['no chunk', '0\r\n\r\n', ''],
    ['two chunks', '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n', 'hello'],
    ['lower-case hex', 'a\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['upper-case hex', 'A\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['leading zeros', '0005\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['many leading zeros of the last chunk', '5\r\nhello\r\n0000\r\n\r\n', 'hello'],
    ['CRLF in the data', '4\r\n\r\n\r\n\r\n0\r\n\r\n', '\r\n\r\n'],
    ['data that looks like a last chunk', '5\r\n0\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n'],
  ] as const
).map(([name, bytes, body]) => ({
  name,
  source: SOURCE,
  level: 'MUST',
  send: post([CHUNKED], bytes),
  expect: passed({ body }),
}))

const extensions: Case[] = [';a', ';a=b', ';a="b"', ';a=b;c=d', ' ;a', ';a = b', ';a="\\""', ';a=";"', ';a="\t"'].map(
  (extension) => ({
    name: `extension ${shown(extension)} is ignored`,
    source: 'RFC 9112 §7.1.1',
    level: 'MUST',
    send: post([CHUNKED], `5${extension}\r\nhello\r\n0${extension}\r\n\r\n`),
    // White space around extensions is bad (BWS), and a quoted string may be more than a recipient wants to parse.
    expect: /[ "]/.test(extension) ? [passed({ body: 'hello' }), ...brokenOff] : passed({ body: 'hello' }),
  }),
)

const SMUGGLED = 'GET /@0/smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n'

const bad: Case[] = [
  '-5\r\nhello\r\n0\r\n\r\n',
  '+5\r\nhello\r\n0\r\n\r\n',
  '0x5\r\nhello\r\n0\r\n\r\n',
  '5h\r\nhello\r\n0\r\n\r\n',
  'g\r\nhello\r\n0\r\n\r\n',
  '\r\nhello\r\n0\r\n\r\n',
  ';a\r\nhello\r\n0\r\n\r\n',
  ' 5\r\nhello\r\n0\r\n\r\n',
  '5,5\r\nhello\r\n0\r\n\r\n',
  '5 5\r\nhello\r\n0\r\n\r\n',
  '5\x00\r\nhello\r\n0\r\n\r\n',
  '5\x0b\r\nhello\r\n0\r\n\r\n',
  '\xb25\r\nhello\r\n0\r\n\r\n',
  '1_0\r\n0123456789abcdef\r\n0\r\n\r\n',
  '5\r\nhelloo\r\n0\r\n\r\n',
  '5\r\nhello0\r\n\r\n',
  '5\rhello\r\n0\r\n\r\n',
  '5\r\rhello\r\n0\r\n\r\n',
  '5\r\nhello\r0\r\n\r\n',
  '5\r\nhello\r\r0\r\n\r\n',
  '10000000000000005\r\nhello\r\n0\r\n\r\n',
  '100000005\r\nhello\r\n0\r\n\r\n\r\nhello\r\n0\r\n\r\n',
  'FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n',
  'fffffffffffffffffffffffffffff\r\nhello\r\n0\r\n\r\n',
].map((bytes) => ({
  name: `bad, ${shown(bytes)}`,
  source: SOURCE,
  level: 'MUST',
  // A size that is merely very large leaves the client waiting; its end shows that the rest never came.
  send: [post([CHUNKED], bytes), ...(/^(?:f{9}|10{7})/i.test(bytes) ? (['END'] as const) : [])],
  expect: brokenOff,
}))

/** RFC 9112 §2.2 lets a recipient take LF for CRLF between lines; who does must do it everywhere alike. */
const lenient: Case[] = (
  [
    ['LF for CRLF everywhere', '5\nhello\n0\n\n', 'hello'],
    ['LF behind the size', '5\nhello\r\n0\r\n\r\n', 'hello'],
    ['LF behind the data', '5\r\nhello\n0\r\n\r\n', 'hello'],
    ['LF behind the last chunk', '5\r\nhello\r\n0\n\r\n', 'hello'],
    ['LF at the very end', '5\r\nhello\r\n0\r\n\n', 'hello'],
    ['CR as the last of the data, LF behind it', '5\r\nhell\r\n0\r\n\r\n', 'hell\r'],
    ['a space behind the size', '5 \r\nhello\r\n0\r\n\r\n', 'hello'],
    ['a tab behind the size', '5\t\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['a semicolon without a name', '5;\r\nhello\r\n0\r\n\r\n', 'hello'],
  ] as const
).map(([name, bytes, body]) => ({
  name: `lenient, ${name}`,
  source: 'RFC 9112 §2.2, §7.1',
  level: 'defence',
  send: [post([CHUNKED], bytes), { pause: 20 }, 'END'],
  expect: [{ status: 200, upstream: [{ target: '/@0/x', body }] }, ...brokenOff] as Expect[],
}))

/** The line of a chunk ends at LF for one reader and not for the other; the advisories call it TERM.EXT and EXT.TERM. */
const terminators: Case[] = [
  `5;\nhello\r\n0\r\n\r\n`,
  `5;a\nhello\r\n0\r\n\r\n`,
  `2;\nxx\r\n${SMUGGLED.length.toString(16)}\r\n0\r\n\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  `0;a\n\r\n${SMUGGLED}`,
  '5;a\rb\r\nhello\r\n0\r\n\r\n',
  '5;a\x00\r\nhello\r\n0\r\n\r\n',
  '5;a\x7f\r\nhello\r\n0\r\n\r\n',
].map((bytes) => ({
  name: `controls in an extension, ${shown(bytes)}`,
  source: 'RFC 9112 §7.1.1, §2.2; CVE-2025-22871',
  level: 'defence',
  send: post([CHUNKED], bytes),
  // What is no line end is dropped with the extension it stands in.
  expect: [
    ...(bytes.includes('\x00') || bytes.includes('\x7f') ? [passed({ body: 'hello' })] : []),
    ...brokenOff,
    { status: 400, connection: 'closed', upstream: [{ target: '/@0/x', complete: false }] },
  ],
}))

const trailers: Case[] = [
  {
    name: 'trailer fields stay out of the head',
    source: 'RFC 9110 §6.5.1',
    level: 'MUST',
    send: post([CHUNKED, 'Trailer: X-T'], '5\r\nhello\r\n0\r\nX-T: v\r\n\r\n'),
    expect: passed({ body: 'hello', lacks: ['x-t'] }),
  },
  {
    name: 'two trailer fields that nobody announced',
    source: 'RFC 9110 §6.5.1',
    level: 'MUST',
    send: post([CHUNKED], '5\r\nhello\r\n0\r\nX-T: v\r\nX-U: w\r\n\r\n'),
    expect: passed({ body: 'hello', lacks: ['x-t', 'x-u'] }),
  },
  ...[
    'Content-Length: 3',
    'Transfer-Encoding: gzip',
    'Authorization: Basic eA==',
    'Content-Encoding: gzip',
    'Content-Type: text/html',
    'Cookie: a=b',
    'X-Forwarded-For: 192.0.2.1',
    'Forwarded: for=192.0.2.1',
    'Connection: close',
    'Expect: 100-continue',
  ].map((line): Case => {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    // What the gateway itself writes may be there, but not with this value.
    const own = /^(?:x-forwarded-for|forwarded|transfer-encoding|content-length|connection)$/.test(name)
    const value = line.slice(line.indexOf(':') + 2)
    return {
      name: `trailer ${line} does nothing`,
      source: 'RFC 9110 §6.5.1',
      level: 'MUST',
      send: post([CHUNKED], `5\r\nhello\r\n0\r\n${line}\r\n\r\n`),
      expect: [
        passed({
          body: 'hello',
          ...(own ? { lacksValue: { [name]: value } } : { lacks: [name] }),
        }),
        ...brokenOff,
      ],
    }
  }),
  ...['X T: v', 'no colon', ' X-T: v', 'X-T : v', 'X-T: a\rb', 'X-T: \x00', ': v', '\x00'].map(
    (line): Case => ({
      name: `bad trailer, ${shown(line)}`,
      source: 'RFC 9112 §5, §7.1.2',
      level: 'defence',
      send: post([CHUNKED], `5\r\nhello\r\n0\r\n${line}\r\n\r\n`),
      expect: [...brokenOff, passed({ body: 'hello', trailers: { lacks: ['x-t', 'x', ''] } })],
    }),
  ),
]

const truncated: Case[] = [
  ['in a size', '5'],
  ['behind a size', '5\r\n'],
  ['in the data', '5\r\nhel'],
  ['behind the data', '5\r\nhello'],
  ['before the last chunk', '5\r\nhello\r\n'],
  ['in the last chunk', '5\r\nhello\r\n0'],
  ['behind the last chunk', '5\r\nhello\r\n0\r\n'],
  ['in the trailers', '5\r\nhello\r\n0\r\nX: y\r\n'],
].map(([where, bytes]) => ({
  name: `the client ends ${where}`,
  source: 'RFC 9112 §8',
  level: 'MUST',
  send: [post([CHUNKED], bytes!), { pause: 20 }, 'END'],
  expect: brokenOff,
}))

export const chunks: Group = {
  name: 'chunks',
  cases: [
    ...good,
    ...extensions,
    ...bad,
    ...lenient,
    ...terminators,
    ...trailers,
    ...truncated,
    {
      name: 'a bad chunk is answered',
      source: 'RFC 9112 §2.2',
      level: 'SHOULD',
      send: post([CHUNKED], 'zz\r\nhello\r\n0\r\n\r\n'),
      expect: { status: 400, connection: 'closed', upstream: 'none whole' },
    },
  ],
}
