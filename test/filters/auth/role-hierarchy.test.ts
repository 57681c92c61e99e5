import t from 'tap'
import { RoleHierarchy, roleHierarchy } from '../../../filters/auth/role-hierarchy.ts'

const schema = roleHierarchy()
const problems = (value: unknown): readonly string[] =>
  (schema.safeParse(value).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)

t.test('a role includes those listed, and what they include', async (t) => {
  const hierarchy = new RoleHierarchy({ admin: ['clerk', 'auditor'], clerk: ['customer'], auditor: ['customer'] })
  const table: Readonly<Record<string, readonly string[]>> = {
    admin: ['admin'],
    clerk: ['clerk', 'admin'],
    customer: ['customer', 'clerk', 'auditor', 'admin'],
    stranger: ['stranger'],
  }
  for (const [role, all] of Object.entries(table))
    t.same([...hierarchy.including([role])].toSorted(), all.toSorted(), role)
  t.same([...hierarchy.including(['auditor', 'clerk'])].toSorted(), ['admin', 'auditor', 'clerk'])
  t.same([...hierarchy.including([])], [])
})

t.test('names of members of every object are names like others', async (t) => {
  const hierarchy = new RoleHierarchy({ constructor: ['toString'] })
  t.same([...hierarchy.including(['toString'])], ['toString', 'constructor'])
  t.same([...hierarchy.including(['hasOwnProperty'])], ['hasOwnProperty'])
  t.same(problems({ a: ['constructor'], b: ['__proto__'] }), [])
})

t.test('circles are named', async (t) => {
  const circle = (...roles: string[]) =>
    `${roles[0]}: these roles include one another: ${roles.join(' > ')}. Remove one of the steps`
  t.same(problems({ admin: ['clerk'], clerk: ['customer'] }), [])
  t.same(problems({ a: ['b', 'c'], b: ['d'], c: ['d'] }), [], 'two ways to one role are no circle')
  t.same(problems({ admin: ['admin'] }), [circle('admin', 'admin')])
  t.same(problems({ admin: ['clerk'], clerk: ['customer', 'admin'] }), [circle('admin', 'clerk', 'admin')])
  t.same(problems({ boss: ['a'], a: ['b'], b: ['c'], c: ['a'] }), [circle('a', 'b', 'c', 'a')], 'without its way in')
})

t.test('it is bounded, and long chains are no problem', async (t) => {
  const chain = (length: number) =>
    Object.fromEntries(Array.from({ length }, (_, i) => [`r${i}`, [`r${i + 1}`]] as const))
  t.same(problems(chain(500)), [])
  t.equal(new RoleHierarchy(chain(500)).including(['r500']).size, 501)
  t.same(problems(chain(501)), [': expected at most 500 roles'])
  t.same(problems({ a: Array.from({ length: 101 }, (_, i) => `r${i}`) }), ['a: expected at most 100 roles'])
  t.match(problems({ a: [] }), [/^a: /])
  t.match(problems({ a: [''] }), [/^a\.0: /])
  t.match(problems({ a: 'b' }), [/^a: /])
})
