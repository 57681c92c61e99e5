// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import { resolve } from 'node:path'
import t from 'tap'
import { readSubmitted } from '../../../config/live/submitted-document.ts'

const read = (text: string) =>
  readSubmitted({
    text,
    main: 'conf/weir.yaml',
    plugins: ['./known.ts'],
    files: [resolve('conf/ca.pem'), `${resolve('conf/keys')}/`],
  })

const wrong = (text: string): string[] => {
  const { document, problems } = read(text)
  return problems.map((problem) => document.format(problem))
}

t.test('a document that names only what is in use', async (t) => {
  const { problems, warnings, part } = read(`plugins: [./known.ts]
x-notes: { file: anything }
endpoints:
  - name: a
    url: https://a
    filters:
      proxy: { tls: { ca_file: ./ca.pem } }
      auth: { api_keys: { folder: keys } }
      breaker: { note: "a literal $\${HOME}" }
`)
  t.strictSame([problems, warnings], [[], []])
  t.match(part?.spec.endpoints[0]?.filters.breaker, { options: { note: 'a literal ${HOME}' } })
})

t.test('what would tell of the environment, of files and of other documents is refused at its place', async (t) => {
  process.env.WEIR_TEST_SECRET = 'hidden'
  t.teardown(() => {
    delete process.env.WEIR_TEST_SECRET
  })
  const problems = wrong(`include: [other.yaml]
plugins: [./known.ts, ./new.ts]
log_level: "\${WEIR_TEST_SECRET}"
x-anchors: { a: "\${file:/etc/passwd}", b: "\${NONE:-info}" }
endpoints:
  - name: a
    url: https://a
    filters:
      proxy: { tls: { ca_file: /etc/passwd } }
      auth: { secret_file: [./keys/a, ./ca.pem], password: "x\${WEIR_TEST_SECRET}" }
`)
  const places = problems.map((one) => one.replace(/: .*/s, ''))
  t.strictSame(places.sort(), [
    'conf/weir.yaml:10:29 endpoints[0].filters.auth.secret_file[0]',
    'conf/weir.yaml:10:50 endpoints[0].filters.auth.password',
    'conf/weir.yaml:1:1 include',
    'conf/weir.yaml:2:23 plugins[1]',
    'conf/weir.yaml:3:1 log_level',
    'conf/weir.yaml:4:14 x-anchors.a',
    'conf/weir.yaml:4:40 x-anchors.b',
    'conf/weir.yaml:9:23 endpoints[0].filters.proxy.tls.ca_file',
  ])
  t.notMatch(problems.join('\n'), /hidden|root:/)
  t.match(problems.join('\n'), /can have no references: write the value; \$\$\{ stands for a literal \$\{/)
})

t.test('files and folders of tokens', async (t) => {
  const of = (keys: string) => wrong(`tokens: { issuer: "https://a", keys_dir: ${keys} }\n`)
  t.strictSame(of('keys, state_file: ca.pem'), [])
  t.match(of('/etc'), [/tokens\.keys_dir: this file is not in use/])
  t.match(of('keys, users_file: /etc/passwd'), [/tokens\.users_file: this file is not in use/])
  t.match(of('keys, state_file: /etc/other'), [/tokens\.state_file: this file is not in use/])
  t.match(of('keys, clients: [{ id: a, secret_file: /etc/other }]'), [
    /tokens\.clients\[0\]\.secret_file: this file is not in use/,
  ])
})

t.test('what is no configuration', async (t) => {
  t.match(wrong(''), [/the document is empty/])
  t.match(wrong('# nothing\n'), [/nothing but comments/])
  t.match(wrong('{'), [/weir.yaml:1/])
  t.match(wrong('listen: 1\nlisten: 2\n'), [/repeated/])
  const bomb = `x-a: &a [1,1,1,1,1,1,1,1,1,1]\n${'bcdefghi'
    .split('')
    .map((name, i) => `x-${name}: &${name} [${`*${'abcdefgh'[i]},`.repeat(10)}]\n`)
    .join('')}`
  t.match(wrong(bomb), [/aliases of the document stand for more than/])
})
