import t from 'tap'
import { exchange } from '../../../../core/testing.ts'
import { BALANCER_NAMES, BALANCERS } from '../../../../filters/proxy/balancers/balancers-by-name.ts'
import { candidates, nameOf, seeded, tally } from './support.ts'

const x = exchange()

t.test('round_robin: in turn, by weight, and smoothly', async (t) => {
  const order = (...weights: number[]): string => {
    const balancer = BALANCERS.round_robin()
    const all = candidates(...weights)
    const cycle = weights.reduce((sum, weight) => sum + weight, 0)
    return Array.from({ length: cycle }, () => nameOf(balancer.pick(all, x))).join('')
  }
  t.equal(order(1, 1, 1), 'abc')
  t.equal(order(5, 1, 1), 'aabacaa')
  t.equal(order(1, 3), 'babb')
})

t.test('round_robin: over every cycle each gets exactly its weight', async (t) => {
  const random = seeded(1)
  for (let run = 0; run < 200; run++) {
    const weights = Array.from({ length: 2 + Math.floor(random() * 6) }, () => 1 + Math.floor(random() * 20))
    const balancer = BALANCERS.round_robin()
    const all = candidates(...weights)
    const cycle = weights.reduce((sum, weight) => sum + weight, 0)
    for (let round = 0; round < 3; round++) {
      const counts = tally(Array.from({ length: cycle }, () => nameOf(balancer.pick(all, x))))
      t.same(counts, Object.fromEntries(all.map((each) => [nameOf(each), each.weight])), `weights ${weights}`)
    }
  }
})

t.test('least_request: the fewest in flight for its weight', async (t) => {
  const balancer = BALANCERS.least_request()
  const all = candidates(1, 1, 3)
  const picks = Array.from({ length: 10 }, () => {
    const picked = balancer.pick(all, x)
    picked.state.outstanding++
    return nameOf(picked)
  })
  t.same(tally(picks), { a: 2, b: 2, c: 6 }, 'what is in flight is spread by weight')
  all[1]!.state.outstanding = 0
  t.equal(nameOf(balancer.pick(all, x)), 'b')
})

t.test('least_request: those that are equal take turns', async (t) => {
  const balancer = BALANCERS.least_request()
  const all = candidates(1, 1, 1)
  t.same(tally(Array.from({ length: 9 }, () => nameOf(balancer.pick(all, x)))), { a: 3, b: 3, c: 3 })
})

t.test('random_two: two are drawn by weight, the less loaded is taken', async (t) => {
  const drawn = [0, 0]
  const balancer = BALANCERS.random_two(() => drawn.shift()!)
  const all = candidates(1, 1, 1)
  t.equal(nameOf(balancer.pick(all, x)), 'a', 'the first drawn, where both are equal')
  all[0]!.state.outstanding = 1
  drawn.push(0, 0)
  t.equal(nameOf(balancer.pick(all, x)), 'b', 'the second is another than the first')
  drawn.push(0.99, 0.99)
  t.equal(nameOf(balancer.pick(all, x)), 'c')
  drawn.push(0, 0.99)
  t.equal(nameOf(balancer.pick(all, x)), 'c')
})

t.test('random_two: about as the weights say, and never far from even', async (t) => {
  const balancer = BALANCERS.random_two(seeded(7))
  const all = candidates(1, 2, 3, 4)
  for (let i = 0; i < 1000; i++) balancer.pick(all, x).state.outstanding++
  for (const { state, weight } of all)
    t.ok(Math.abs(state.outstanding - weight * 100) <= 10, `weight ${weight}: ${state.outstanding}`)
})

t.test('every balancer picks one of the candidates, whatever is in flight', async (t) => {
  const random = seeded(3)
  for (const name of BALANCER_NAMES) {
    const balancer = BALANCERS[name](random)
    for (let run = 0; run < 500; run++) {
      const all = candidates(
        ...Array.from({ length: 2 + Math.floor(random() * 5) }, () => 1 + Math.floor(random() * 9)),
      )
      for (const { state } of all) state.outstanding = Math.floor(random() * 50)
      if (!all.includes(balancer.pick(all, x))) t.fail(name)
    }
  }
  t.pass()
})
