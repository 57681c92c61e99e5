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
