import { type Case, type Expect, type Group, HOST, head, passed, refused, shown } from '../case.ts'

export const to = (target: string, method = 'GET'): string => head(`${method} ${target} HTTP/1.1`, HOST)

/** Valid, and so no business of a proxy. */
const exact: Case[] = [
  '/@0/',
  '/@0/x?a=b',
  '/@0/x?',
  '/@0/x??',
  '/@0/x?a=b&c=%26',
  '/@0/x?/../y',
  '/@0/x?%2e%2e/',
  '/@0/x?a=/@0/y?b',
  '/@0/x?http://b.test/',
  '/@0/%41',
  '/@0/%7e~',
  '/@0/a%2fb',
  '/@0/a%2Fb',
  '/@0/%c3%a4',
  '/@0/%C3%a4',
  '/@0/a%20b',
  '/@0/a+b',
  '/@0/a;p=1/b',
  '/@0//x',
  '/@0/x//',
  "/@0/:@!$&'()*+,;=",
  '/@0/.hidden',
  '/@0/a..b',
  '/@0/...',
  '/@0/a.',
  '/@0/x..',
  '/@0/%25',
  '/@0/%3f',
  '/@0/%23',
  '/@0/http://b.test/',
].map((target) => ({
  name: `untouched, ${target}`,
  source: 'RFC 9110 §7.7, RFC 3986 §2.2',
  level: 'MUST',
  send: to(target),
  expect: passed({ target }),
}))

/** No URI has these; who passes them on must not make something else of them. */
const invalid: Case[] = [
  '/@0/%',
  '/@0/%2',
  '/@0/%zz',
  '/@0/%u0041',
  '/@0/a|b',
  '/@0/a^b',
  '/@0/a`b',
  '/@0/{a}',
  '/@0/"a"',
  '/@0/<a>',
  '/@0/[a]',
  '/@0/a\\b',
  '/@0/x?a\\b',
  '/@0/x?a|b',
  '/@0/\xe4',
  '/@0/\xc3\xa4',
  '/@0/x?\xe4',
  '/@0/\x85',
  '/@0/%C3%a4%ff',
  '/@0/%e4',
  '/@0/%ed%a0%80',
  '/@0/%c3%28',
  '/@0/%1b',
  '/@0/%7f',
  '/@0/%00',
  '/@0/%0d%0aX:%20y',
].map((target) => ({
  name: `invalid, ${shown(target)}`,
  source: 'RFC 9112 §3.2',
  level: 'defence',
  send: to(target),
  expect: [refused(), passed({ target })],
}))

const impossible: Case[] = [
  '/@0/x#f',
  '/@0/x#',
  '/@0/x?a#f',
  '#f',
  '/@0/\x01',
  '/@0/\x00',
  '/@0/\x7f',
  '/@0/a\tb',
  '/@0/a\x0bb',
  '@0/x',
  'x',
  '?x',
  '*x',
  '*/@0/x',
  '\\@0\\x',
  '.',
  'a.test/@0/x',
  'javascript:x',
].map((target) => ({
  name: `no target, ${shown(target)}`,
  source: 'RFC 9112 §3.2',
  level: 'SHOULD',
  send: to(target),
  expect: refused(),
}))

/** Wherever the path leads, it must not lead out of what the route is for. */
export const inside: readonly Expect[] = [
  refused(),
  // Dot segments that were removed do no harm (RFC 3986 §6.2.2.3).
  { status: 200, upstream: [{ target: /^\/@0(?:\/(?!\.{1,2}(?:\/|$)|%2e)[\w%]*)*$/i }] },
]

const traversal: Case[] = [
  '/@0/..',
  '/@0/../',
  '/@0/../secret',
  '/@0/./x',
  '/@0/.',
  '/@0/x/../../secret',
  '/@0/x/..',
  '/@0/%2e%2e/secret',
  '/@0/%2E%2E/secret',
  '/@0/.%2e/secret',
  '/@0/%2e./secret',
  '/@0/%2e/x',
  '/@0/..%2fsecret',
  '/@0/..%2Fsecret',
  '/@0/%2e%2e%2fsecret',
  '/@0/x%2f..%2f..%2fsecret',
  '/@0/..\\secret',
  '/@0/..%5csecret',
  '/@0/..%5Csecret',
  '/@0\\..\\secret',
  '/@0/..;/secret',
  '/@0/..;a=b/secret',
  '/@0/.;/x',
  '/@0/..%3b/secret',
  '/@0/%2e%2e;/secret',
  '/@0//../secret',
  '/@0/x/..//../secret',
  '/../@0/../secret',
  '/./secret/../@0/..',
].map((target) => ({
  name: `dot segments, ${shown(target)}`,
  source: 'RFC 3986 §5.2.4, §6.2.2.3; CWE-22',
  level: 'defence',
  send: to(target),
  expect: inside,
}))

const doubtful: Case[] = [
  '/@0/%252e%252e/secret',
  '/@0/..%252fsecret',
  '/@0/..%c0%afsecret',
  '/@0/%c0%ae%c0%ae/secret',
  '/@0/..%00/secret',
  '/@0/..%09/secret',
  '/@0/..%0d/secret',
  '/@0/..%20/secret',
  '/@0/.%00./secret',
  '/@0/..?/secret',
].map((target) => ({
  name: `dots for somebody else, ${shown(target)}`,
  source: 'RFC 3986 §2.4: never decoded twice; CWE-22',
  level: 'defence',
  send: to(target),
  expect: [refused(), passed({ target })],
}))

/** The same path as that of the route: what holds for one spelling holds for the others. */
const spelled: Case[] = ['', '/x', '/%78', '/%7e;a/%2f//', '/x?y'].map((rest) => ({
  name: `another spelling of the route, /@%${rest}`,
  source: 'RFC 3986 §2.3, §6.2.2.2',
  level: 'defence',
  send: to(`/@%${rest}`),
  expect: [`/@0${rest}`, `/@%${rest}`].map((target) => passed({ target })),
}))

const elsewhere: Case[] = [
  '//b.test/@0/x',
  '///@0/x',
  '/',
  '/@',
  '/@0y/x',
  '/@0%2fx',
  '/%2f@0/x',
  '/.@0/x',
  '/x/@0/x',
  '/@0;/x',
].map((target) => ({
  name: `not of the route, ${target}`,
  source: 'RFC 3986 §3.3, §6.2.2',
  level: 'defence',
  send: to(target),
  expect: refused(),
}))

export const targets: Group = {
  name: 'targets',
  cases: [...exact, ...invalid, ...impossible, ...traversal, ...doubtful, ...spelled, ...elsewhere],
}
