// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like this
import t from 'tap'
import { problems } from '../support.ts'

t.test('what is no YAML is said in plain words, with its place', async (t) => {
  t.same(problems('shutdown:\n\ttimeout: 1\n'), ["2:1 a tab can't indent in YAML: use spaces"])
  t.same(problems('listen: 1\n---\nlisten: 2\n'), ['2:1 a second document starts here: a configuration has only one'])
  t.same(problems('listen: 1\n...\nlisten: 2\n'), ['3:1 a second document starts here: a configuration has only one'])
  t.same(problems('debug: false\nplugins: ["a]\n'), ['3:1 a quotation mark that was opened before is not closed'])
  t.same(problems('plugins: [a, b\nlisten: 1\n'), ['2:1 a [ or { that was opened before is not closed'])
  t.match(problems('shutdown:\n  timeout: 1\n grace_period: 2\n'), [/^3:1 the indentation matches nothing above/])
  t.match(problems('log_level: info: x\n'), [/^1:12 a second "key: value" on the same line/])
  t.same(problems('log_level: @x\n'), ["1:12 a value can't start with @: put it in quotes"])
  t.match(problems('log_level: "\\q"\n'), [/^1:13 this is not an escape sequence of double quotes/])
  t.match(problems('? [a]\n: 1\n'), [/^1:3 a key must be plain text/])
  t.match(problems('log_level: !secret x\n'), [/^1:12 a tag \(! and a name\)/])
  t.match(problems('plugins: !!set {a}\n'), [/^1:10 a tag/])
  t.match(problems('echo: { listen: ${PORT} }\n'), [
    /^1:18 .*inside \[ \] and \{ \} put a value with \$\{…\} in quotes/,
  ])
  t.match(problems('log_level: *\n'), [/./])
})

t.test('CRLF and a byte order mark change no place', async (t) => {
  t.same(
    problems('debug: 1\r\nlisten: x\r\n').map((line) => line.slice(0, 4)),
    ['1:1 ', '2:1 '],
  )
  t.same(problems('debug: 1\rlisten: 1\r').length > 0, true)
})

t.test('one mistake is not reported a thousand times', async (t) => {
  t.ok(problems('"a" "b"\n'.repeat(500)).length <= 20)
})
