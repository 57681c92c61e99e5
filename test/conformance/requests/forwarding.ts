import { type Case, type Group, get, HOST, head, passed } from '../case.ts'

const VIA = 'RFC 9110 §7.6.3'
/** RFC 7239 §4, where every element names `for`, `host` and `proto`. */
const ELEMENT = String.raw`for=(?:[\w.]+|"\[[\da-f:]+\]");host=(?:[\w.-]+|"[^"\\]+");proto=https?`

const via: Case[] = [
  { name: 'Via is added', source: VIA, level: 'MUST', send: get(), expect: passed({ has: { via: /^1\.1 [\w.-]+$/ } }) },
  {
    name: 'Via tells what the client spoke',
    source: VIA,
    level: 'MUST',
    send: head('GET /@0/x HTTP/1.0', HOST),
    expect: { status: 200, upstream: [{ target: '/@0/x', has: { via: /^1\.0 [\w.-]+$/ } }] },
  },
  {
    name: 'Via is added behind those there are',
    source: VIA,
    level: 'MUST',
    send: get('Via: 1.0 fred, 1.1 p.example.net'),
    expect: passed({ has: { via: /^1\.0 fred, 1\.1 p\.example\.net, 1\.1 [\w.-]+$/ } }),
  },
  {
    name: 'Via is added behind several fields',
    source: VIA,
    level: 'MUST',
    send: get('Via: 1.0 fred', 'Via: 1.1 p'),
    expect: passed({ has: { via: /^1\.0 fred, ?1\.1 p, ?1\.1 [\w.-]+$/ } }),
  },
  {
    name: 'Via with a comment',
    source: VIA,
    level: 'MUST',
    send: get('Via: 1.0 fred (Apache, 2)'),
    expect: passed({ has: { via: /^1\.0 fred \(Apache, 2\), ?1\.1 [\w.-]+$/ } }),
  },
]

/** A gateway tells the upstream what it dropped, so that nobody else may. */
const dropped: Case[] = [
  {
    name: 'X-Forwarded-Prefix of a stranger',
    source: 'docs/filters/proxy.md',
    level: 'defence',
    send: get('X-Forwarded-Prefix: /evil'),
    expect: passed({ has: { 'x-forwarded-prefix': '/@0' } }),
    only: 'weir',
  },
  {
    name: 'X-Forwarded-Prefix of a trusted proxy is continued',
    source: 'docs/filters/proxy.md',
    level: 'SHOULD',
    send: get('X-Forwarded-Prefix: /outer'),
    from: '127.0.0.9',
    expect: passed({ has: { 'x-forwarded-prefix': '/outer/@0' } }),
    only: 'weir',
  },
]

const own: Case[] = [
  {
    name: 'what the connection shows',
    source: 'RFC 7239 §5',
    level: 'SHOULD',
    send: head('GET /@0/x HTTP/1.1', 'Host: a.test:8080'),
    expect: passed({
      has: {
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-host': 'a.test:8080',
        'x-forwarded-proto': 'http',
        forwarded: 'for=127.0.0.1;host="a.test:8080";proto=http',
      },
    }),
  },
  ...['a.test', 'a.test:80', '[::1]:80', 'a_b.test'].map(
    (host): Case => ({
      name: `Forwarded is well-formed for ${host}`,
      source: 'RFC 7239 §4',
      level: 'MUST',
      send: head('GET /@0/x HTTP/1.1', `Host: ${host}`),
      expect: passed({ has: { forwarded: new RegExp(`^${ELEMENT}$`) } }),
    }),
  ),
]

const lies: Case[] = (
  [
    ['X-Forwarded-For: 192.0.2.6', 'x-forwarded-for', '127.0.0.1'],
    ['X-Forwarded-For: 127.0.0.9', 'x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-FOR: 192.0.2.6, 192.0.2.7', 'x-forwarded-for', '127.0.0.1'],
    ['X-Forwarded-Host: evil.test', 'x-forwarded-host', 'a.test'],
    ['X-Forwarded-Proto: https', 'x-forwarded-proto', 'http'],
    [
      'Forwarded: for=192.0.2.6;host=evil.test;proto=https',
      'forwarded',
      /^for=127\.0\.0\.1;host="?a\.test"?;proto=http$/,
    ],
    ['Forwarded: for="', 'forwarded', /^for=127\.0\.0\.1;host="?a\.test"?;proto=http$/],
  ] as const
).map(([line, name, value]) => ({
  name: `not believed of a stranger, ${line}`,
  source: 'RFC 7239 §8.1',
  level: 'defence',
  send: get(line),
  expect: passed({ has: { [name]: value } }),
}))

/** Removed, unless a trusted proxy says it. */
const claims: Case[] = [
  'X-Forwarded-Port',
  'X-Forwarded-Server',
  'X-Forwarded-Ssl',
  'x-forwarded-USER',
  'X-Original-Forwarded-For',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'Fastly-Client-IP',
  'X-Azure-ClientIP',
  'X-Scheme',
  'X-URL-Scheme',
  'Front-End-Https',
  'X-Original-URL',
  'X-Original-Host',
  'X-Rewrite-URL',
  'X-Remote-User',
  'Remote-User',
  'X-Auth-Request-Email',
  'Client-Cert',
  'Client-Cert-Chain',
  'X-Client-Cert',
  'X-SSL-Client-Verify',
  'SSL-Client-Cert',
].map((name) => ({
  name: `of a stranger it goes no further, ${name}`,
  source: 'RFC 7239 §8.1, docs/reference/http.md',
  level: 'defence',
  send: get(`${name}: evil`),
  expect: passed({ lacks: [name.toLowerCase()] }),
  only: 'weir',
}))

const always: Case[] = ['Proxy: http://evil.test', 'Proxy-Authorization: Basic eA=='].map((line) => {
  const name = line.slice(0, line.indexOf(':'))
  return {
    name: `it goes no further, ${name}`,
    source: name === 'Proxy' ? 'CVE-2016-5385' : 'RFC 9110 §11.7.2',
    level: 'defence',
    send: get(line),
    expect: passed({ lacks: [name.toLowerCase()] }),
    only: 'weir',
  }
})

const realIp: Case[] = ['X-Real-IP: 192.0.2.6', 'X-Other: 1'].map((line) => ({
  name: `X-Real-IP is the client's address, ${line}`,
  source: 'docs/reference/http.md',
  level: 'defence',
  send: get(line),
  expect: passed({ has: { 'x-real-ip': '127.0.0.1' } }),
  only: 'weir',
}))

const several: Case[] = ['X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'Forwarded'].map((name) => ({
  name: `not believed of a stranger on two lines, ${name}`,
  source: 'RFC 7239 §8.1',
  level: 'defence',
  send: get(`${name}: evil`, `${name}: evil`),
  expect: passed({ has: { [name.toLowerCase()]: /^(?!.*evil)/ } }),
}))

const lookalikes: Case[] = [
  'X_Forwarded_For',
  'X-Forwarded_For',
  'X_Forwarded_Host',
  'X_Forwarded_Proto',
  'X_Real_IP',
  'X_Request_Id',
  'Remote_User',
  'Content_Length',
].map((name) => ({
  name: `what CGI reads as the same, ${name}`,
  source: 'RFC 3875 §4.1.18; CVE-2025-64484',
  level: 'defence',
  send: get(`${name}: evil`),
  expect: passed({ lacks: [name.toLowerCase()] }),
}))

const trusted: Case[] = (
  [
    ['X-Forwarded-For is continued', ['X-Forwarded-For: 192.0.2.6'], { 'x-forwarded-for': '192.0.2.6, 127.0.0.9' }],
    [
      'two lines of it',
      ['X-Forwarded-For: 192.0.2.6', 'X-Forwarded-For: 192.0.2.7'],
      { 'x-forwarded-for': '192.0.2.6, 192.0.2.7, 127.0.0.9' },
    ],
    ['X-Forwarded-Proto is kept', ['X-Forwarded-Proto: https'], { 'x-forwarded-proto': 'https' }],
    ['X-Forwarded-Proto with something else', ['X-Forwarded-Proto: gopher'], { 'x-forwarded-proto': 'http' }],
    ['X-Forwarded-Host is kept', ['X-Forwarded-Host: b.test'], { 'x-forwarded-host': 'b.test' }],
    [
      'Forwarded is continued',
      ['Forwarded: for=192.0.2.6;proto=https'],
      { forwarded: 'for=192.0.2.6;host=a.test;proto=https, for=127.0.0.9;host=a.test;proto=https' },
    ],
    [
      'Forwarded fills the other family',
      ['Forwarded: for="[2001:db8::1]:47011";host=b.test;proto=HTTPS, for=127.0.0.9'],
      {
        'x-forwarded-for': '2001:db8::1, 127.0.0.9, 127.0.0.9',
        'x-forwarded-host': 'b.test',
        'x-forwarded-proto': 'https',
        'x-real-ip': '2001:db8::1',
      },
    ],
    [
      'X-Forwarded-* fill Forwarded',
      ['X-Forwarded-For: 192.0.2.6', 'X-Forwarded-Host: b.test', 'X-Forwarded-Proto: wss'],
      {
        'x-forwarded-proto': 'https',
        forwarded: 'for=192.0.2.6;host=b.test;proto=https, for=127.0.0.9;host=b.test;proto=https',
      },
    ],
    [
      'a Forwarded that contradicts X-Forwarded-For',
      ['X-Forwarded-For: 192.0.2.6', 'Forwarded: for=192.0.2.7;host=evil.test;proto=https'],
      {
        'x-forwarded-for': '192.0.2.6, 127.0.0.9',
        forwarded: 'for=192.0.2.6;host=a.test;proto=http, for=127.0.0.9;host=a.test;proto=http',
      },
    ],
    [
      'a malformed Forwarded',
      ['Forwarded: for="'],
      { forwarded: 'for=127.0.0.9;host=a.test;proto=http', 'x-forwarded-for': '127.0.0.9' },
    ],
    ['the first of a list', ['X-Forwarded-Proto: , HTTPS, http'], { 'x-forwarded-proto': 'https' }],
    ['the first host of a list', ['X-Forwarded-Host: b.test, evil.test'], { 'x-forwarded-host': 'b.test' }],
    ['a host that is none', ['X-Forwarded-Host: b.test/evil'], { 'x-forwarded-host': 'a.test' }],
    ['an empty host', ['X-Forwarded-Host:', 'X-Forwarded-Proto:'], { 'x-forwarded-host': 'a.test' }],
    ['X-Real-IP is the client', ['X-Real-IP: 192.0.2.9', 'X-Forwarded-For: 192.0.2.6'], { 'x-real-ip': '192.0.2.6' }],
    [
      'other claims pass',
      ['X-Forwarded-Port: 443', 'X-Scheme: https'],
      { 'x-forwarded-port': '443', 'x-scheme': 'https' },
    ],
    ['none of them', [], { 'x-forwarded-for': '127.0.0.9', 'x-forwarded-proto': 'http' }],
  ] as const
).map(([name, lines, has]) => ({
  name: `from a trusted proxy, ${name}`,
  source: 'RFC 7239 §4, docs/filters/proxy.md',
  level: 'MUST',
  send: get(...lines),
  from: '127.0.0.9',
  expect: passed({ has }),
  only: 'weir',
}))

const maxForwards: Case[] = (
  [
    ['OPTIONS', '0', []],
    ['TRACE', '0', []],
    ['OPTIONS', '1', [{ has: { 'max-forwards': '0' } }]],
    ['OPTIONS', '70', [{ has: { 'max-forwards': '69' } }]],
  ] as const
).map(([method, value, upstream]) => ({
  name: `${method} with Max-Forwards: ${value}`,
  source: 'RFC 9110 §7.6.2',
  level: 'MUST',
  send: head(`${method} /@0/x HTTP/1.1`, HOST, `Max-Forwards: ${value}`),
  expect: upstream.length === 0 ? { status: [200, 204, 405, 501], upstream: [] } : passed({ method, ...upstream[0] }),
}))

const ignored: Case[] = ['0', 'x', '-1'].map((value) => ({
  name: `GET with Max-Forwards: ${value}`,
  source: 'RFC 9110 §7.6.2',
  level: 'SHOULD',
  send: get(`Max-Forwards: ${value}`),
  expect: passed(),
}))

export const forwarding: Group = {
  name: 'forwarding',
  cases: [
    ...via,
    ...own,
    ...dropped,
    ...lies,
    ...claims,
    ...always,
    ...realIp,
    ...several,
    ...lookalikes,
    ...trusted,
    ...maxForwards,
    ...ignored,
  ],
}
