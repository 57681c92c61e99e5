import t from 'tap'
import type { EndpointSpec } from '../../../core/control/gateway-spec.ts'
import { endpoint, parse, problems } from '../support.ts'

const first = (text: string): EndpointSpec => {
  const [spec] = parse(text).spec.endpoints
  if (spec === undefined) throw new Error('no endpoint')
  return spec
}
const withUrl = (url: string): string => `endpoints:\n  - name: a\n    url: ${JSON.stringify(url)}\n`

t.test('a URL becomes a target', async (t) => {
  const target = (url: string): unknown => first(withUrl(url)).endpoint.targets[0]
  t.same(target('https://api.example.com/base/'), {
    url: 'https://api.example.com/base',
    origin: 'https://api.example.com',
    host: 'api.example.com',
    basePath: '/base',
    weight: 1,
  })
  t.match(target('http://127.0.0.1:8002'), { origin: 'http://127.0.0.1:8002', host: '127.0.0.1:8002', basePath: '' })
  t.match(target('HTTP://[::1]:80/'), { origin: 'http://[::1]', host: '[::1]', basePath: '' })
  t.match(target('http://h/a%20b/c'), { basePath: '/a%20b/c' })
  const [given] = first('endpoints: [{ name: a, targets: [{ url: "http://h", weight: 3 }] }]').endpoint.targets
  t.match(given, { origin: 'http://h', weight: 3 })
})

t.test('a URL that is none, or says too much, is a problem', async (t) => {
  const one = (url: string): string => problems(withUrl(url)).join('\n').replace('3:5 endpoints[0].url: ', '')
  for (const url of ['', 'host', 'http:/host', 'http:\\\\host', 'http://', 'http://a b', 'http://a\tb', '//host'])
    t.match(one(url), /^expected a URL such as/, url)
  t.match(one('ftp://host'), /^expected a URL that starts with http:\/\/ or https:\/\/, found "ftp:\/\/host"$/)
  for (const url of ['http://u@host', 'http://u:p@host', 'http://@host', 'http://:@host'])
    t.match(one(url), /^a URL here can't hold a user name/, url)
  for (const url of ['http://host?', 'http://host/?a=b']) t.match(one(url), /^a URL here can't have a query/, url)
  for (const url of ['http://host#', 'http://host/#a']) t.match(one(url), /^a URL here can't have a fragment/, url)
  t.match(one('http://host:0/'), /^expected a port/)
  t.match(one('http://host:99999/'), /^expected a URL/)
})

t.test('the status, and its short form', async (t) => {
  const status = (text: string): unknown => parse(endpoint(text)).spec.endpoints[0]?.endpoint.status
  t.equal(status('disabled: false'), 'active')
  t.equal(status('disabled: true'), 'disabled')
  t.equal(status('status: inactive'), 'inactive')
  t.match(problems('endpoints: [{ name: a, url: http://a, disabled: true, status: active }]'), [
    /contradict each other/,
  ])
})

t.test('url, or several targets', async (t) => {
  const many = 'endpoints:\n  - name: a\n    targets:\n      - url: http://a\n      - url: http://b\n'
  t.same(problems(many), [])
  t.same(
    parse(many).spec.endpoints[0]?.endpoint.targets.map(({ url, weight }) => [url, weight]),
    [
      ['http://a', 1],
      ['http://b', 1],
    ],
  )
  t.same(problems(`${many}      - url: http://a/\n`), [
    '6:9 endpoints[0].targets[2].url: the target is listed already: endpoints[0].targets[0].url (line 4); give it more weight instead',
  ])
  t.same(problems('endpoints: [{ name: a }]'), ['1:13 endpoints[0]: "url" is missing'])
  t.same(problems(endpoint('targets: [{ url: "http://a" }]')), [
    '4:5 endpoints[0].targets: both url and targets are given: remove one of them',
  ])
  t.same(problems('endpoints: [{ name: a, targets: [] }]').length, 1)
  t.same(problems('endpoints: [{ name: a, targets: [{ url: "http://a", weight: -1 }, { wait: 1 }] }]'), [
    '1:53 endpoints[0].targets[0].weight: expected at least 0, found -1',
    '1:67 endpoints[0].targets[1]: "url" is missing',
    '1:69 endpoints[0].targets[1].wait: unknown key "wait". Known here: url, weight',
  ])
})

t.test('ids are unique', async (t) => {
  const list = (...labels: string[]): string =>
    `endpoints:\n${labels.map((l) => `  - { url: "http://h", ${l} }\n`).join('')}`
  t.same(problems(list('name: a, version: v1', 'name: a', 'name: a, version: "v1"')), [
    '4:24 endpoints[2].name: the endpoint "v1/a" exists already: endpoints[0] (line 2)',
  ])
  t.same(
    parse(list('name: v1', 'name: v1, version: v1', 'name: b')).spec.endpoints.map((e) => e.endpoint.id),
    ['v1', 'v1/v1', 'b'],
  )
  for (const name of ['"."', '".."', '"a/b"', '""', 'ä', 'true'])
    t.equal(problems(list(`name: ${name}`)).length, 1, name)
  t.equal(problems(list('name: a, version: "a/b"', 'name: a, version: "c d"')).length, 2)
  t.equal(first(list('name: 42')).endpoint.name, '42')
})

t.test('hosts and paths to match', async (t) => {
  const matched = (keys: string) =>
    first(endpoint(keys)).endpoint.match.map(({ host, path }) => [host, 'prefix' in path && path.prefix])
  t.same(matched('host: API.Example.com.\npath: /v2/things/'), [['api.example.com', '/v2/things']])
  t.same(matched('host: ["*.Example.com", "bücher.example", "[::1]", 127.0.0.1]\npath: [/, /a/b]'), [
    ...['*.example.com', 'xn--bcher-kva.example', '[::1]', '127.0.0.1'].flatMap((host) => [
      [host, '/'],
      [host, '/a/b'],
    ]),
  ])
  t.same(matched('host: a.test'), [['a.test', '/']])
  for (const host of ['a:80', '*', '*.', 'a.*.b', 'http://a', 'a/b', '*.1.2.3.4', '[::1', '[x]', 'a b', ''])
    t.match(
      problems(endpoint(`host: ${JSON.stringify(host)}`)),
      [/^4:5 endpoints\[0\]\.host: expected a host name/],
      host,
    )
  for (const path of ['a', '/a?b', '/a#b', '/a b', '//a', '/a//b', '/a/../b', '/..', '/./a', '/a/.', '\\a', '/a\\', ''])
    t.match(problems(endpoint(`path: ${JSON.stringify(path)}`)), [/^4:5 endpoints\[0\]\.path: expected a path/], path)
  for (const [path, expected] of [
    ['/a/%2e%2E/b', 'without "." and ".." segments, plain or encoded'],
    ['/a%5cb', 'without backslashes, plain or encoded (%5C)'],
    ['/a%', 'in which two hexadecimal digits follow each % (%25 is the character itself)'],
    ['/a%0a', 'without control characters, plain or encoded (%00 to %1F, %7F)'],
    ['/caf%E9', 'whose bytes from 80 on are UTF-8 (%C3%A9 for é, not %E9)'],
  ])
    t.same(problems(endpoint(`path: "${path}"`)), [
      `4:5 endpoints[0].path: expected a path ${expected}, found "${path}"`,
    ])
  t.same(
    matched('path: ["/café/", "/caf%c3%a9/a", "/a%2fb"]').map(([, path]) => path),
    ['/café', '/caf%c3%a9/a', '/a%2fb'],
  )
  t.match(problems(endpoint('host: [a, "b:1"]')), [/^4:15 endpoints\[0\]\.host\[1\]: expected a host name/])
  t.match(problems(endpoint('host: 3')), [/^4:5 endpoints\[0\]\.host: expected a value or a list of them, found 3/])
  t.match(problems(endpoint('path: []')), [/expected a list with at least one entry/])
})
