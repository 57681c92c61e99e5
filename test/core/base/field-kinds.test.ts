import t from 'tap'
import { FieldKinds } from '../../../core/base/field-kinds.ts'

t.test('kinds by name, in any case', async (t) => {
  const kinds = new FieldKinds({ connection: 2, te: 1, 'keep-alive': 1, upgrade: 3, '2fa': 4, x_y: 5 })
  for (const name of ['connection', 'Connection', 'CONNECTION']) t.equal(kinds.of(name), 2, name)
  for (const name of ['TE', 'te', 'Keep-Alive']) t.equal(kinds.of(name), 1, name)
  t.equal(kinds.of('UPGRADE'), 3)
  t.equal(kinds.of('2FA'), 4)
  t.equal(kinds.of('X_Y'), 5)
  for (const name of ['', 't', 'ue', 'Te ', 'Konnection', 'Connectiom', 'Cookie', 'Keep_Alive', 'x-connection', 'x-y'])
    t.equal(kinds.of(name), 0, name)
})

t.test('a name that ends in * stands for all that begin so', async (t) => {
  const kinds = new FieldKinds({ 'x-a-*': 1, 'x-a-b-*': 2, 'x-a-b-c': 3, 'x-a-d': 0 })
  for (const name of ['X-A-x', 'x-a--', 'X-A-']) t.equal(kinds.of(name), 1, name)
  for (const name of ['X-A-B-x', 'x-a-b-cc']) t.equal(kinds.of(name), 2, `${name}: the longest`)
  t.equal(kinds.of('X-A-B-C'), 3, 'a whole name before any of those')
  for (const name of ['X-A', 'X-B-x', 'y-a-x', 'X-A-D']) t.equal(kinds.of(name), 0, name)
})

t.test('an empty table', async (t) => {
  t.equal(new FieldKinds({}).of('Host'), 0)
})
