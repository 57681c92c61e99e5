import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import * as z from 'zod'
import { apiKeySources, apiKeysOptions } from '../../../../filters/auth/api-key/api-keys-options.ts'
import { KEY, sha256 } from './support.ts'

const HASH = sha256(KEY)
const schema = new Ajv2020({ strict: false, validateFormats: false }).compile(
  z.toJSONSchema(apiKeysOptions, { io: 'input' }),
)

t.test('defaults', async (t) => {
  t.strictSame(apiKeysOptions.parse({ file: 'keys.yaml' }), { file: 'keys.yaml', from: [{ header: 'x-api-key' }] })
  t.strictSame(apiKeysOptions.parse({ keys: [{ id: 'a', hash: HASH }] }).keys, [
    { id: 'a', hash: HASH, roles: [], scopes: [], disabled: false },
  ])
})

t.test('options that are valid, for editors too', async (t) => {
  const cases = [
    { file: 'keys.yaml' },
    { file: ['a.yaml', 'b.yaml'], secret_file: 'secret' },
    { keys: [] },
    { file: 'a', keys: [{ id: 'a', hash: HASH, expires: '2027-01-31', endpoints: ['v1/orders'], owner: 'Ann' }] },
    { file: 'a', from: [{ header: 'X-Key' }, { query: 'api_key' }, { cookie: 'key' }] },
  ]
  for (const input of cases) {
    t.ok(apiKeysOptions.safeParse(input).success, JSON.stringify(input))
    t.ok(schema(input), JSON.stringify(input))
  }
})

t.test('mistakes', async (t) => {
  const cases: [input: object, path: string, message: RegExp][] = [
    [{}, '', /^set "file", the file with the list of keys, "directory", a folder of such files, or "keys"/],
    [{ file: [] }, 'file', /./],
    [{ file: '' }, 'file', /^expected a path/],
    [{ file: 7 }, 'file', /^expected a path, or a list of paths$/],
    [{ file: 'a', folder: 'keys.d' }, '', /folder/],
    [{ file: 'a', from: [] }, 'from', /./],
    [
      { file: 'a', from: ['x-api-key'] },
      'from.0',
      /^expected one of \{ header: … \}, \{ query: … \} and \{ cookie: … \}$/,
    ],
    [{ file: 'a', from: [{ header: 'x', query: 'y' }] }, 'from.0', /^expected one of/],
    [{ file: 'a', from: [{ header: 'a b' }] }, 'from.0.header', /^expected the name of a header field/],
    [{ file: 'a', from: [{ header: 'Authorization' }] }, 'from.0.header', /^this field has another use/],
    [{ file: 'a', from: [{ header: 'cookie' }] }, 'from.0.header', /^this field has another use/],
    [{ file: 'a', from: [{ query: '' }] }, 'from.0.query', /^expected a name of letters, digits and -_\.$/],
    [{ file: 'a', from: [{ cookie: 'a;b' }] }, 'from.0.cookie', /^expected the name of a cookie/],
    [{ keys: [{ id: 'a', hash: KEY }] }, 'keys.0.hash', /A key itself must not stand here$/],
    [{ keys: [KEY] }, 'keys.0', /a key itself must not stand here$/],
    [{ keys: [{ id: 'a', hash: HASH, role: [] }] }, 'keys.0', /role/],
  ]
  for (const [input, path, message] of cases) {
    const { error } = apiKeysOptions.safeParse(input)
    const [issue] = error?.issues ?? []
    t.equal(issue?.path.join('.'), path, JSON.stringify(input))
    t.match(issue?.message, message, JSON.stringify(input))
  }
})

t.test('places of keys as sources of credentials', async (t) => {
  t.strictSame(apiKeySources([{ header: 'X-Key' }, { query: 'api_key' }, { cookie: 'key' }]), [
    { kind: 'header', name: 'X-Key', scheme: undefined },
    { kind: 'query', name: 'api_key' },
    { kind: 'cookie', name: 'key' },
  ])
})
