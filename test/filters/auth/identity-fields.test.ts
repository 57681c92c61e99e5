import t from 'tap'
import { exchange, FilterBench } from '../../../core/testing.ts'
import { auth } from '../../../filters/auth/filter.ts'
import { fieldValue } from '../../../filters/auth/identity-fields.ts'
import { pass, request, SECRET, token } from './support.ts'

t.test('values are encoded so that no two of them are one field', async (t) => {
  const cases: [value: unknown, field: string | undefined][] = [
    ['ann', 'ann'],
    ['%61nn', '%2561nn'],
    ['a,b', 'a%2Cb'],
    [['a', 'b'], 'a,b'],
    [['a,b'], 'a%2Cb'],
    [' ann ', '%20ann%20'],
    ['a b', 'a b'],
    ['Zoë', 'Zo%C3%AB'],
    ['😀', '%F0%9F%98%80'],
    ['\ud800', '%EF%BF%BD'],
    ['a\r\nX-Admin: yes', 'a%0D%0AX-Admin: yes'],
    ['\u0000', '%00'],
    [7, '7'],
    [true, 'true'],
    ['', ''],
    [[], undefined],
    [undefined, undefined],
    [null, undefined],
    [{ a: 1 }, undefined],
    [['a', {}], undefined],
    [Infinity, undefined],
  ]
  for (const [value, field] of cases) t.equal(fieldValue(value), field, JSON.stringify(value))
})

t.test('the identity goes upstream in fields, and what it does not have is left out', async (t) => {
  const identity_headers = {
    'X-User': 'sub',
    'X-Roles': 'roles',
    'X-Scopes': 'scopes',
    'X-Method': 'method',
    'X-Tenant': 'org.tenant',
    'X-None': 'nothing',
  }
  const made = await new FilterBench().make(auth, { secret: SECRET, required: true, identity_headers })
  const x = request(await token({ roles: ['a', 'b'], scope: 'r w', org: { tenant: 'acme' } } as never))
  t.equal(await pass(x, made), undefined)
  const sent = Object.fromEntries(Object.keys(identity_headers).map((name) => [name, x.request.headers.get(name)]))
  t.strictSame(sent, {
    'X-User': 'ann',
    'X-Roles': 'a,b',
    'X-Scopes': 'r,w',
    'X-Method': 'bearer',
    'X-Tenant': 'acme',
    'X-None': undefined,
  })
})

t.test("what clients send in these fields is the filter's to remove", async (t) => {
  const sets = auth.sets!({ identity_headers: { 'X-User': 'sub' } } as never)
  t.strictSame(sets, [{ name: 'X-User' }])
})

t.test('an identity that is too long is refused, not cut', async (t) => {
  const options = { secret: SECRET, required: true, identity_headers: { 'X-User': 'sub' } }
  const made = await new FilterBench().make(auth, options)
  t.equal(await pass(request(await token({ sub: 'ü'.repeat(1000) })), made), '403 identity_too_long')
})

t.test('forward_credentials: false keeps the token here; a field of another scheme is not its own', async (t) => {
  const made = await new FilterBench().make(auth, { secret: SECRET, forward_credentials: false })
  const x = request(await token())
  t.equal(await pass(x, made), undefined)
  t.notOk(x.request.headers.has('authorization'))
  const kept = request(await token())
  const forwards = await new FilterBench().make(auth, { secret: SECRET })
  t.equal(await pass(kept, forwards), undefined)
  t.ok(kept.request.headers.has('authorization'))
  const basic = exchange({ headers: { Authorization: 'Basic dTpw' } })
  t.equal(await pass(basic, made), undefined)
  t.equal(basic.request.headers.get('authorization'), 'Basic dTpw')
})
