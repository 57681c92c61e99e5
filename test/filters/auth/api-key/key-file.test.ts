import t from 'tap'
import { keyEntries, type PlacedEntry } from '../../../../filters/auth/api-key/key-file.ts'

async function read(text: string | Buffer): Promise<PlacedEntry[]> {
  return Array.fromAsync(keyEntries('keys.yaml', Buffer.from(text)))
}

const A = { place: 'keys.yaml:1', value: { id: 'a' } }
const at = (line: number, id: string) => ({ place: `keys.yaml:${line}`, value: { id } })

t.test('the forms of a list', async (t) => {
  const cases: [text: string, entries: object[]][] = [
    ['- id: a', [A]],
    ['- id: a\n- id: b\n', [A, at(2, 'b')]],
    ['\ufeff- id: a\r\n- id: b\r\n', [A, at(2, 'b')]],
    ['# all keys\n\n---\n# of the team\n- id: a\n\n# and\n- id: b', [at(5, 'a'), at(8, 'b')]],
    ['keys:\n- id: a\n- id: b\n', [at(2, 'a'), at(3, 'b')]],
    ['# all\nkeys: # of ours\n\n  # first\n  - id: a\n  -\n    id: b\n', [at(5, 'a'), at(7, 'b')]],
    ['[{ id: a }, { id: b }]', [A, at(1, 'b')]],
    ['keys: [{ id: a },\n { id: b }]', [A, at(2, 'b')]],
    ['{ "keys": [] }', []],
    ['[]', []],
    ['-\n- 5\n- [x]\n- ~\n', [null, 5, ['x'], null].map((value, i) => ({ place: `keys.yaml:${i + 1}`, value }))],
    [
      '- { id: a, roles: [x, 1, true], expires: 2027-01-31, owner: ~ }',
      [{ ...A, value: { id: 'a', roles: ['x', 1, true], expires: '2027-01-31', owner: null } }],
    ],
  ]
  for (const [text, entries] of cases) t.strictSame(await read(text), entries, text)
})

t.test('a long list is read in pieces, each entry at its place', async (t) => {
  for (const [head, indent] of [
    ['', ''],
    ['---\n# keys\n', ''],
    ['keys:\n', '  '],
    ['keys:\n\n', ''],
  ]) {
    const items: string[] = []
    const expected: { place: string; value: unknown }[] = []
    let line = head!.split('\n').length
    for (let i = 0; i < 3000; i++) {
      const text = `- id: k${i}\n  owner: |\n    - one\n\n    two\n${i % 7 === 0 ? '# remark\n\n' : ''}`
      expected.push({ place: `keys.yaml:${line}`, value: { id: `k${i}`, owner: undefined } })
      items.push(text.replaceAll(/^(?=.)/gm, indent!))
      line += text.split('\n').length - 1
    }
    const entries = await read(head + items.join(''))
    t.strictSame(
      entries.map(({ place, value }) => ({ place, value: { ...(value as object), owner: undefined } })),
      expected,
      JSON.stringify(head),
    )
  }
})

t.test('the event loop runs while a long list is read', async (t) => {
  const text = Array.from({ length: 3000 }, (_, i) => `- { id: k${i}, owner: somebody }\n`).join('')
  let turns = 0
  let reading = true
  const turn = (): void => {
    turns++
    if (reading) setImmediate(turn)
  }
  setImmediate(turn)
  t.equal((await read(text)).length, 3000)
  reading = false
  t.ok(turns >= 5, `${turns} turns`)
})

t.test('what can not be read of an entry is a problem of that entry alone', async (t) => {
  const cases: [entry: string, problem: string][] = [
    ['{ id: *a }', 'aliases (*name) are not read here: write the value out'],
    ['*a', 'aliases (*name) are not read here: write the value out'],
    ['{ id: a, id: b }', '"id" is repeated'],
    ['{ __proto__: a, __proto__: b }', '"__proto__" is repeated'],
    [`{ ${'x'.repeat(40)}: a, ${'x'.repeat(40)}: b }`, 'a name is repeated'],
    ['[[[[[[[[[[[[]]]]]]]]]]]]', 'nested too deeply'],
  ]
  for (const [entry, problem] of cases)
    t.strictSame(
      await read(`- &a { id: a }\n- ${entry}\n- { id: c }\n`),
      [A, { place: 'keys.yaml:2', value: undefined, problem }, at(3, 'c')],
      entry,
    )
  const [{ value } = { value: {} }] = await read('- { __proto__: { id: x } }')
  t.ok(Object.hasOwn(value as object, '__proto__'), 'a name like any other')
})

t.test('aliases do not expand', async (t) => {
  const levels = Array.from({ length: 30 }, (_, i) => `- &l${i} [${`*l${i - 1}, `.repeat(10)}]\n`)
  levels[0] = '- &l0 [x]\n'
  const [first, ...others] = await read(levels.join(''))
  t.strictSame(first!.value, ['x'])
  t.ok(others.every(({ problem }) => problem !== undefined))
})

t.test('a file that is no list says so, and repeats nothing of it', async (t) => {
  const form = 'keys.yaml: expected a list of keys, or a mapping with "keys"'
  const empty = 'keys.yaml: the file is empty: write [] for a list without keys'
  const cases: [text: string | Buffer, message: string | RegExp][] = [
    ['', empty],
    ['# nothing yet\n', empty],
    ['~', empty],
    ['weir_a-key', form],
    ['id: a\nhash: x\n', form],
    ['keys: { a: b }', form],
    ['keys:\n', form],
    ['keys: []\nmore: []\n', form],
    ['keys:\n  - id: a\nmore: []\n', form],
    [Buffer.from([0x2d, 0x20, 0xff]), 'keys.yaml: the file is not UTF-8 text'],
    ['- id: a\n  hash: "sha256:abc', /^keys\.yaml:2: not valid YAML: Missing closing "quote$/],
    ['- id: a\n- { id: weir_secret\n', /^keys\.yaml:\d: not valid YAML: /],
    ['- id: a\n hash: x\n', /^keys\.yaml:\d: not valid YAML: /],
    ['- id: a\n  hash: weir_secret: x\n', /^keys\.yaml:2: not valid YAML: /],
    ['- id: !secret weir_secret\n', /^keys\.yaml:1: not valid YAML: /],
    ['- id: !weir_secret x\n', 'keys.yaml:1: not valid YAML: Unresolved tag'],
    ['- id: |weir_secret\n', /^keys\.yaml:1: not valid YAML: /],
    ['- id: a\n---\n- id: b\n', /^keys\.yaml:\d: not valid YAML: /],
    ['- id: "a\n- b"\n', /^keys\.yaml:\d: not valid YAML: /],
    [`- id: a\n${'- id: b\n'.repeat(5000)}- id: c\n  x: {\n`, /^keys\.yaml:500[2-4]: not valid YAML: /],
  ]
  for (const [text, message] of cases) {
    const error = (await read(text).catch((error: unknown) => error)) as Error
    const name = JSON.stringify(text.slice(0, 40))
    if (typeof message === 'string') t.equal(error.message, message, name)
    else t.match(error.message, message, name)
    t.notMatch(error.message, /weir_/, name)
  }
})
