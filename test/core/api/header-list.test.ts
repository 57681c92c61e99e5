import fc from 'fast-check'
import t from 'tap'
import { HeaderList } from '../../../core/api/header-list.ts'

const list = (): HeaderList =>
  HeaderList.of({ 'Set-Cookie': ['a=1', 'b=2'], Accept: 'text/html', 'set-cookie': 'c=3', ACCEPT: 'text/plain' })

t.test('order, case and duplicates are kept', async (t) => {
  t.same(list().raw, [
    ...['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Accept', 'text/html', 'set-cookie', 'c=3', 'ACCEPT', 'text/plain'],
  ])
  t.same(
    [...list()].map(([name]) => name),
    ['Set-Cookie', 'Set-Cookie', 'Accept', 'set-cookie', 'ACCEPT'],
  )
})

t.test('the first value, all of them, or all as one list', async (t) => {
  t.equal(list().get('set-cookie'), 'a=1')
  t.same(list().all('set-cookie'), ['a=1', 'b=2', 'c=3'])
  t.equal(list().joined('accept'), 'text/html, text/plain')
  t.ok(list().has('accept'))
  for (const nothing of [list().get('cookie'), list().joined('cookie')]) t.equal(nothing, undefined)
  t.same(list().all('cookie'), [])
  t.notOk(list().has('cookie'))
})

t.test('an empty value is a value', async (t) => {
  const headers = HeaderList.of({ Host: '' })
  t.equal(headers.get('host'), '')
  t.ok(headers.has('host'))
  t.equal(headers.joined('host'), '')
})

t.test('set replaces every field of the name at the place of the first', async (t) => {
  const headers = list()
  headers.set('set-COOKIE', 'd=4')
  t.same(headers.raw, ['set-COOKIE', 'd=4', 'Accept', 'text/html', 'ACCEPT', 'text/plain'])
  headers.set('X-New', '1')
  t.same(headers.raw.slice(-2), ['X-New', '1'])
})

t.test('add keeps the others', async (t) => {
  const headers = list()
  headers.add('Accept', '*/*')
  t.same(headers.all('accept'), ['text/html', 'text/plain', '*/*'])
})

t.test('delete removes every field of the name and says whether there was one', async (t) => {
  const headers = list()
  t.equal(headers.delete('set-cookie'), true)
  t.same(headers.raw, ['Accept', 'text/html', 'ACCEPT', 'text/plain'])
  t.equal(headers.delete('set-cookie'), false)
})

t.test('a clone is independent', async (t) => {
  const headers = list()
  const clone = headers.clone()
  clone.delete('accept')
  t.ok(headers.has('accept'))
})

t.test('after any edits it equals a plain list of pairs with the same edits', async () => {
  const name = fc.constantFrom('a', 'A', 'bb', 'Bb', 'c')
  const edit = fc.record({ what: fc.constantFrom('add', 'set', 'delete'), name, value: fc.string() })
  fc.assert(
    fc.property(fc.array(edit), (edits) => {
      const headers = new HeaderList()
      let model: [string, string][] = []
      for (const { what, name, value } of edits) {
        const lower = name.toLowerCase()
        const first = model.findIndex(([other]) => other.toLowerCase() === lower)
        const others = ([other]: [string, string], i: number): boolean =>
          other.toLowerCase() !== lower || (what === 'set' && i === first)
        if (what === 'delete') {
          if (headers.delete(lower) !== first >= 0) return false
          model = model.filter(others)
        } else if (what === 'add' || first < 0) {
          headers[what as 'add' | 'set'](name, value)
          model.push([name, value])
        } else {
          headers.set(name, value)
          model[first] = [name, value]
          model = model.filter(others)
        }
      }
      return JSON.stringify([...headers]) === JSON.stringify(model)
    }),
  )
})

t.test('every method finds a name in any case', async (t) => {
  for (const name of ['x-tenant', 'X-Tenant', 'X-TENANT', 'x-TeNaNt']) {
    const headers = HeaderList.fromWire(['X-Tenant', 'a', 'Accept', '*/*', 'x-tenant', 'b'])
    t.equal(headers.get(name), 'a', name)
    t.same(headers.all(name), ['a', 'b'])
    t.equal(headers.joined(name), 'a, b')
    t.equal(headers.has(name), true)
    const replaced = headers.clone()
    replaced.set(name, 'c')
    t.same(replaced.raw, [name, 'c', 'Accept', '*/*'])
    t.equal(headers.delete(name), true)
    t.same(headers.raw, ['Accept', '*/*'])
  }
})

/** Each way to put a field into a list, by name. */
const SETTERS: readonly [way: string, set: (name: string, value: string) => unknown][] = [
  ['constructor', (name, value) => new HeaderList(['A', 'b', name, value])],
  ['of', (name, value) => HeaderList.of({ [name]: value })],
  ['of, in a list', (name, value) => HeaderList.of({ [name]: ['fine', value] })],
  ['add', (name, value) => new HeaderList().add(name, value)],
  ['set', (name, value) => new HeaderList().set(name, value)],
]

t.test('names that are no tokens are refused', async (t) => {
  const names = ['', ' ', 'a b', 'a:', 'a\r\nb', 'a\0', 'é', '名', '(a)', '"a"', undefined, null, 1]
  for (const [way, set] of SETTERS.filter(([way]) => !way.startsWith('of')))
    for (const name of names)
      t.throws(
        () => set(name as string, 'x'),
        { name: 'TypeError', message: /can't be the name of a header field/ },
        way,
      )
  for (const name of ['', 'a b', 'a\r\nb']) t.throws(() => HeaderList.of({ [name]: 'x' }), TypeError)
})

t.test('values that are no field values are refused, and not shown', async (t) => {
  const secret = 's3cret'
  for (const [way, set] of SETTERS) {
    for (const part of ['\n', '\r', '\r\nX: y', '\0', '\x01', '\x1f', '\x7f', 'Ā', '名', '😀']) {
      const error = t.throws(() => set('X-Key', `${secret}${part}`), TypeError, `${way} ${JSON.stringify(part)}`)
      t.notMatch((error as Error).message, secret)
    }
    for (const value of ['', 'a b', 'a\tb', ' a ', 'é', '\x80', '\xff', '~!"'])
      t.doesNotThrow(() => set('X-Key', value), `${way} ${JSON.stringify(value)}`)
  }
  for (const value of [undefined, null, 1, {}])
    for (const way of ['add', 'set'] as const)
      t.throws(() => new HeaderList()[way]('X-Key', value as string), { message: /"X-Key" must be a string, found / })
})

t.test('a refused field leaves the list as it was', async (t) => {
  const headers = list()
  const before = [...headers.raw]
  t.throws(() => headers.set('accept', 'a\nb'))
  t.throws(() => headers.add('a b', 'c'))
  t.same(headers.raw, before)
})

t.test('the constructor copies pairs', async (t) => {
  const fields = ['A', '1']
  const headers = new HeaderList(fields)
  headers.add('B', '2')
  t.same(fields, ['A', '1'])
  t.throws(() => new HeaderList(['A']), { name: 'TypeError', message: /come in pairs/ })
  t.same(new HeaderList().raw, [])
})

t.test('fromWire checks nothing and keeps the array', async (t) => {
  const raw = ['a b', 'x\r\ny', 'Ā', '名']
  const headers = HeaderList.fromWire(raw)
  t.equal(headers.raw, raw)
  headers.add('C', '3')
  t.equal(raw.length, 6)
  t.equal(headers.get('A B'), 'x\r\ny')
  t.same([...headers.clone().raw], raw)
})

t.test('sharing leaves the array as it is', async (t) => {
  const raw = ['A', '1', 'B', '2']
  for (const change of [
    (headers: HeaderList) => headers.add('C', '3'),
    (headers: HeaderList) => headers.set('a', '3'),
    (headers: HeaderList) => headers.delete('A'),
  ]) {
    const headers = HeaderList.sharing(raw)
    t.equal(headers.raw, raw, 'nothing is copied before the first change')
    change(headers)
    t.not(headers.raw, raw)
    t.same(raw, ['A', '1', 'B', '2'])
    const own = headers.raw
    headers.add('D', '4')
    t.equal(headers.raw, own, 'and nothing after it')
  }
})
