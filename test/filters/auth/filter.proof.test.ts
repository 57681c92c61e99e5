import t from 'tap'
import { AUTHENTICATION, IdentitySlot } from '../../../core/api/endpoint.ts'
import { FilterBench } from '../../../core/testing.ts'
import { auth } from '../../../filters/auth/filter.ts'
import { NOW, OTHER_SECRET, pass, request, SECRET, token } from './support.ts'

const required = { secret: SECRET, required: true }

t.test('the second time is synchronous, and never past exp', async (t) => {
  const bench = new FilterBench()
  const { filter } = await bench.make(auth, required)
  const bearer = await token({ exp: NOW + 100 })
  const first = filter.request!(request(bearer))
  t.ok(first instanceof Promise)
  await first
  t.equal(filter.request!(request(bearer)), undefined, 'no promise')
  bench.clock.advance(104_999)
  const late = request(bearer)
  t.equal(filter.request!(late), undefined)
  t.equal(late.identity?.subject, 'ann')
  bench.clock.advance(1)
  const after = request(bearer)
  t.ok(filter.request!(after) instanceof Promise)
  t.equal(await pass(request(bearer), { filter, warnings: [], dispose: async () => {} }), '401 token_expired')
})

t.test('a token without exp is remembered for a minute', async (t) => {
  const bench = new FilterBench()
  const { filter } = await bench.make(auth, required)
  const bearer = await token({ exp: undefined })
  await filter.request!(request(bearer))
  bench.clock.advance(59_999)
  t.equal(filter.request!(request(bearer)), undefined)
  bench.clock.advance(1)
  t.ok(filter.request!(request(bearer)) instanceof Promise)
})

t.test('the cache is bounded, least recently used out first; 0 is none', async (t) => {
  const { filter } = await new FilterBench().make(auth, { ...required, cache_size: 2 })
  const [a, b, c] = await Promise.all([token({ jti: 'a' }), token({ jti: 'b' }), token({ jti: 'c' })])
  const hit = (bearer: string) => filter.request!(request(bearer)) === undefined
  await filter.request!(request(a))
  await filter.request!(request(b))
  t.ok(hit(a))
  await filter.request!(request(c))
  t.ok(hit(a))
  t.ok(hit(c))
  t.notOk(hit(b))
  const none = await new FilterBench().make(auth, { ...required, cache_size: 0 })
  await none.filter.request!(request(a))
  t.ok(none.filter.request!(request(a)) instanceof Promise)
})

t.test('equal verification options share a verifier, different ones never', async (t) => {
  const bench = new FilterBench()
  const bearer = await token()
  const chain = await bench.make(auth, { secret: SECRET })
  await chain.filter.request!(request(bearer))
  const same = await bench.make(auth, { secret: SECRET, required: true, roles: ['a'] })
  t.equal(same.filter.request!(request(bearer)), undefined, 'known to it already')
  t.equal(bench.shared.size, 1)
  for (const options of [
    { secret: OTHER_SECRET },
    { issuer: 'me' },
    { audience: 'me' },
    { clock_tolerance: 0 },
    { require_exp: true },
    { token_type: 'JWT' },
    { roles_claim: 'groups' },
  ]) {
    const other = await bench.make(auth, { secret: SECRET, ...options })
    const x = request(bearer)
    const known = other.filter.request!(x) === undefined && x.identity !== undefined
    t.notOk(known, JSON.stringify(Object.keys(options)))
    await other.dispose()
  }
  await chain.dispose()
  await same.dispose()
  t.equal(bench.shared.size, 0)
})

t.test('a proof under other options counts for nothing', async (t) => {
  const bench = new FilterBench()
  const chain = await bench.make(auth, { secret: SECRET })
  const theirs = await token({ sub: 'bob' }, 'HS256', Buffer.from(OTHER_SECRET))
  const ours = await token()

  const strict = await bench.make(auth, { secret: OTHER_SECRET, required: true })
  const refused = request(ours)
  t.equal(await pass(refused, chain, strict), '401 token_invalid')
  t.equal(refused.identity, undefined)
  t.equal(refused.unmet([AUTHENTICATION]), AUTHENTICATION)
  for (const when of ['the first time', 'when the token is known']) {
    const accepted = request(theirs)
    t.equal(await pass(accepted, chain, strict), undefined, when)
    t.equal(accepted.identity?.subject, 'bob', when)
  }
  const none = await bench.make(auth, { algorithm: 'RS256' })
  const unproved = request(ours)
  t.equal(await pass(unproved, chain, none), undefined, 'no key: refused at once, and not required')
  t.equal(unproved.identity, undefined)

  const lax = await bench.make(auth, { secret: OTHER_SECRET })
  const ignored = request(ours)
  t.equal(await pass(ignored, chain, lax), undefined, 'not required: not refused')
  t.equal(ignored.identity, undefined, 'and nobody')

  const both = await bench.make(auth, { secret: SECRET, issuer: 'me', required: true })
  t.equal(await pass(request(ours), chain, both), '401 token_invalid')
})

t.test('the same verifier is not asked twice', async (t) => {
  const bench = new FilterBench()
  const chain = await bench.make(auth, { secret: SECRET, cache_size: 0 })
  const lane = await bench.make(auth, { secret: SECRET, cache_size: 0, required: true })
  const x = request(await token())
  await chain.filter.request!(x)
  t.equal(lane.filter.routed!(x), undefined, 'no promise without a cache: the proof came along')
})

t.test('two filters of different names do not undo one another', async (t) => {
  const bench = new FilterBench()
  const ours = await bench.make(auth, { secret: SECRET }, { name: 'staff' })
  const theirs = await bench.make(auth, { secret: OTHER_SECRET }, { name: 'partners' })
  const refined = await bench.make(auth, { secret: OTHER_SECRET, issuer: 'x' }, { name: 'partners' })
  const x = request(await token())
  await ours.filter.request!(x)
  await pass(x, theirs, refined)
  t.equal(await ours.filter.routed!(x), undefined)
  t.equal(x.identity?.subject, 'ann')
})

t.test('an answer that comes after the end is dropped', async (t) => {
  const { filter } = await new FilterBench().make(auth, required)
  const x = request(await token())
  const pending = filter.request!(x)
  x.seal()
  await t.resolves(Promise.resolve(pending))
  t.equal(x.get(IdentitySlot), undefined)
})

t.test('so is one of other options', async (t) => {
  const bench = new FilterBench()
  const chain = await bench.make(auth, { secret: SECRET })
  const lane = await bench.make(auth, { secret: OTHER_SECRET })
  const x = request(await token())
  await chain.filter.request!(x)
  const { identity } = x
  const pending = lane.filter.routed!(x)
  x.seal()
  await t.resolves(Promise.resolve(pending))
  t.equal(x.get(IdentitySlot), identity)
})
