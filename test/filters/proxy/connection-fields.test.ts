import t from 'tap'
import {
  CONNECTION,
  CONNECTION_FIELDS,
  DROP,
  FieldKinds,
  nominate,
  PASS,
  withoutNominated,
} from '../../../filters/proxy/connection-fields.ts'

t.test('kinds by name, in any case', async (t) => {
  const kinds = new FieldKinds(CONNECTION_FIELDS)
  for (const name of ['connection', 'Connection', 'CONNECTION']) t.equal(kinds.of(name), CONNECTION, name)
  for (const name of ['Keep-Alive', 'TE', 'te', 'Transfer-Encoding', 'UPGRADE', 'Proxy-Connection'])
    t.equal(kinds.of(name), DROP, name)
  for (const name of ['', 't', 'ue', 'Te ', 'Konnection', 'Connectiom', 'Cookie', 'Keep_Alive', 'x-connection'])
    t.equal(kinds.of(name), PASS, name)
})

t.test('names of one kind are recognised with underscores too', async (t) => {
  const kinds = new FieldKinds({ 'x-forwarded-for': 4, 'keep-alive': DROP }, 4)
  for (const name of ['X-Forwarded-For', 'x_forwarded_for', 'X_Forwarded-FOR']) t.equal(kinds.of(name), 4, name)
  for (const name of ['Keep_Alive', 'x.forwarded.for', 'x_forwarded_foo']) t.equal(kinds.of(name), PASS, name)
})

t.test('nominated fields', async (t) => {
  t.equal(nominate('close', undefined), undefined)
  t.equal(nominate('Keep-Alive, Close, , host, Authorization', undefined), undefined, 'nothing that may go')
  const first = nominate('X-One,  x-two ', undefined)
  t.same([...first!], ['x-one', 'x-two'])
  t.same([...nominate('X-Three', first)!], ['x-one', 'x-two', 'x-three'], 'a repeated field adds to it')
})

t.test('fields without the nominated ones', async (t) => {
  const fields = ['X-One', '1', 'Host', 'a', 'x-one', '2', 'X-Two', '3']
  t.equal(withoutNominated(fields, undefined), fields)
  t.same(withoutNominated(fields, new Set(['x-one'])), ['Host', 'a', 'X-Two', '3'])
})
