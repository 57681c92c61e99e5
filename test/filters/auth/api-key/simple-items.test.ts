import fc from 'fast-check'
import t from 'tap'
import { parseDocument, stringify } from 'yaml'
import { simpleItems } from '../../../../filters/auth/api-key/simple-items.ts'

const simple = (text: string, indent = 0): unknown[] | undefined => simpleItems(text, indent)?.map(({ value }) => value)

/** What the parser of YAML reads; undefined if the text is not valid. */
function parsed(text: string): unknown {
  const document = parseDocument(text, { schema: 'core', resolveKnownTags: false, stringKeys: true, logLevel: 'error' })
  return document.errors.length + document.warnings.length > 0 ? undefined : document.toJS()
}

t.test('what weir keys new prints is simple', async (t) => {
  const entries = [
    { id: 'billing', hash: 'sha256:YWJRCF2OzfSYV8imPQLVOmfMvZONENT2U_ymTez4sTo', owner: 'Billing team' },
    { id: 'k-1.a', hash: 'hmac-sha256:a0=', roles: ['clerk', 'x'], scopes: ['orders:read'], expires: '2027-01-31' },
    { id: 'b', hash: 'sha256:a', endpoints: ['v1/orders'], expires: '2027-01-31T18:00:00.5+01:00' },
  ]
  t.strictSame(simple(stringify(entries)), entries)
})

t.test('forms that are simple, with their lines', async (t) => {
  const text =
    '  # a\r\n  - id: a\r\n\r\n    disabled: true\r\n    roles: [x, y:z]\r\n  - owner: "7 #: x"\n    scopes:\n      # b\n      - a b\n'
  t.strictSame(simpleItems(text, 2), [
    { line: 1, value: { id: 'a', disabled: true, roles: ['x', 'y:z'] } },
    { line: 5, value: { owner: '7 #: x', scopes: ['a b'] } },
  ])
})

t.test('all else is left to the parser', async (t) => {
  const values = [
    '7',
    '7a',
    '1e5',
    'null',
    'True',
    '~',
    '|',
    '>',
    'a: b',
    'a #b',
    'a:',
    '*a',
    '&a b',
    '!a b',
    "'a'",
    '"a\\n"',
  ]
  values.push(
    '"a" b',
    '{ a: b }',
    '[]',
    '[7]',
    '[null]',
    '[a,b]',
    '[ a ]',
    '[a, b',
    'a\t',
    'a ',
    '-',
    '- a',
    '@a',
    '2027-1-1',
    'ä',
  )
  for (const value of values) t.equal(simple(`- id: a\n  owner: ${value}\n`), undefined, value)
  const texts = [
    'a\n',
    '-\n',
    '- a\n',
    '- id: a\n id: b\n',
    '- id: a\n   owner: b\n',
    '- id: a\n\towner: b\n',
    '- id: a\n  id: b\n',
  ]
  texts.push(
    '- roles:\n',
    '- roles:\n  owner: a\n',
    '- roles:\n  - a\n',
    '- roles:\n    - 7\n',
    '- roles: a\n    - b\n',
    '  owner: a\n',
  )
  texts.push(
    '- __proto__: a\n',
    '- ID: a\n',
    '- "id": a\n',
    '- id:a\n',
    '- id:  a\n  owner: b: c\n',
    '---\n- id: a\n',
    '- id: a\n...\n',
  )
  for (const text of texts) t.equal(simple(text), undefined, JSON.stringify(text))
})

t.test('it reads what the parser of YAML reads, or nothing', async (t) => {
  const word = fc.constantFrom(
    ...[
      'a',
      'Ab',
      'orders:read',
      'a b',
      'true',
      'False',
      'null',
      '~',
      '7',
      '0x1f',
      '.inf',
      '2027-01-31',
      'yes',
      'a:',
      ':a',
      '-',
      '- a',
    ],
    ...[
      '"a b"',
      '"x: # y"',
      '"\\n"',
      '""',
      "'a'",
      '[a, b]',
      '[a]',
      '[]',
      '[a,b]',
      '[true]',
      '[a: b]',
      '{ a: b }',
      '#',
      'a #b',
      'a# b',
    ],
    ...[
      '|',
      '>-',
      '*a',
      '&a a',
      '!t a',
      '%a',
      '@a',
      '`a',
      'a@b',
      'a=b',
      'a/b',
      'a,b',
      'a]',
      'e5',
      'a\\',
      '2027-01-31T10:00:00Z',
      '',
      ' ',
    ],
  )
  const name = fc.constantFrom(
    'id',
    'hash',
    'owner',
    'roles',
    'a_b',
    'null',
    'true',
    'y',
    '__proto__',
    'A',
    '7',
    '"id"',
  )
  const gap = fc.constantFrom('', '  ', '    ', '      ', ' ', '\t')
  const line = fc.oneof(
    fc.tuple(name, word).map(([name, word]) => `- ${name}: ${word}`),
    { weight: 3, arbitrary: fc.tuple(name, word).map(([name, word]) => `  ${name}: ${word}`) },
    fc.tuple(gap, name).map(([gap, name]) => `${gap}${name}:`),
    fc.tuple(gap, word).map(([gap, word]) => `${gap}- ${word}`),
    fc.tuple(gap, word).map(([gap, word]) => `${gap}${word}`),
    fc.constantFrom('', '# a', '  # a', '    # - a', '---', '...'),
  )
  const end = fc.constantFrom('\n', '\r\n')
  let read = 0
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), end, (lines, end) => {
      const text = `- id: a${end}${lines.join(end)}${end}`
      const items = simple(text)
      if (items === undefined) return true
      read++
      return JSON.stringify(items) === JSON.stringify(parsed(text))
    }),
    { numRuns: 3000 },
  )
  t.ok(read > 30, `${read} of 3000 were read`)
})
