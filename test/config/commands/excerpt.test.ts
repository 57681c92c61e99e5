import t from 'tap'
import { excerpt } from '../../../config/commands/excerpt.ts'
import { ConfigFile } from '../../../config/document/config-file.ts'

const shown = (text: string, line: number): string => excerpt(new ConfigFile('w', text), line, 1, (mark) => mark)

t.test('a line with a caret', async (t) => {
  t.equal(
    excerpt(new ConfigFile('w', 'a\r\n\tb: c\r\n'), 2, 2, (mark) => `<${mark}>`),
    '    |\n  2 | \tb: c\n    | \t<^>\n',
  )
  t.equal(shown('a\n', 9), '')
})

t.test('a line that may show a secret is not shown', async (t) => {
  const secret: [text: string, line: number][] = [
    ['secret: hunter2', 1],
    ['auth: { issuer: a, secret: hunter2 }', 1],
    ['{"secret":"hunter2"}', 1],
    ['url: http://u:pa/hunter2@h', 1],
    ['url: http://h/?token=hunter2', 1],
    ['- Bearer hunter2', 1],
    ['secret: $' + '{X}hunter2', 1],
    ['secret: $' + '{X:-hunter2}', 1],
    ['secret: |\n  hunter2', 2],
    ['secret: |\n  a\n  b: hunter2', 3],
    ['tokens:\n  - hunter2', 2],
    ['tokens:\n- hunter2', 2],
    ['a:\n  secrets:\n    b:\n      c: hunter2', 4],
    ['a:\n  secret: |\n    b\n  hunter2', 4],
    ['a:\n    secret: |\n      b\n  hunter2', 4],
    ['secret: "a\nb: hunter2"', 2],
    ['secret:\n# a comment\n\n  hunter2', 4],
    ['{ secret:\n  hunter2 }', 2],
    ['secret: {\n a: hunter2 }', 2],
  ]
  for (const [text, line] of secret) t.equal(shown(text, line), '', text)
})

t.test('other lines are', async (t) => {
  const open: [text: string, line: number][] = [
    ['listen: x', 1],
    ['secret: $' + '{X}', 1],
    ['auth: { secret: "$' + '{X}", issuer: 5 }', 1],
    ['secret: a\nlisten: x', 2],
    ['a:\n  secret: b\n  issuer: c', 3],
    ['a:\n  secret: b\nlisten: x', 3],
    ['- secret: a\n- issuer: b', 2],
    ['endpoints:\n  - url: http://h:80/x', 2],
    ['{ listen: 1, debug: x }', 1],
    [`${'listen: 1\n'.repeat(300)}debug: x`, 301],
  ]
  for (const [text, line] of open) t.match(shown(text, line), /\^\n$/, text)
})
