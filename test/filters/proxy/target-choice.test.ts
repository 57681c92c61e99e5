import t from 'tap'
import type { Attempt, LocalReply } from '../../../core/index.ts'
import { attempt, exchange } from '../../../core/testing.ts'
import { BALANCER_NAMES, BALANCERS } from '../../../filters/proxy/balancers/balancers-by-name.ts'
import { TargetChoice, type WHEN_UNHEALTHY } from '../../../filters/proxy/target-choice.ts'
import { verdict } from '../../support/verdict.ts'
import { candidates, seeded, tally } from './balancers/support.ts'

const x = exchange()

function choiceOf(weights: number[], name: keyof typeof BALANCERS, when: (typeof WHEN_UNHEALTHY)[number] = 'refuse') {
  const all = candidates(...weights)
  for (const each of all) each.weight = 0 // nobody has looked yet
  const choice = new TargetChoice(all, BALANCERS[name](seeded(5)), when)
  const pick = (before: readonly Attempt[] = []): string => {
    const picked = choice.pick(x, before)
    return 'host' in picked ? picked.host : String(verdict(picked))
  }
  return { states: all.map(({ state }) => state), all, choice, pick }
}

const picks = (count: number, pick: () => string): Record<string, number> =>
  tally(Array.from({ length: count }, () => pick()))

t.test('no target that is unavailable or drains is picked, by any balancer', async (t) => {
  const random = seeded(11)
  const wrong: string[] = []
  for (const name of BALANCER_NAMES) {
    for (let run = 0; run < 300; run++) {
      const { states, all, pick } = choiceOf([2, 1, 3, 1], name)
      for (let step = 0; step < 10; step++) {
        const state = states[Math.floor(random() * states.length)]!
        const change = Math.floor(random() * 4)
        if (change === 0) state.health = random() < 0.5 ? 'unhealthy' : 'healthy'
        else if (change === 1) state.ejected = random() < 0.5
        else if (change === 2) state.weight = Math.floor(random() * 3)
        else state.outstanding = Math.floor(random() * 5)
        const open = all.filter(({ state }) => state.available && state.weight > 0).map(({ target }) => target.host)
        const picked = pick()
        const right = open.length > 0 ? open.includes(picked) : /^503 no_(healthy_)?target$/.test(picked)
        if (!right) wrong.push(`${name}: ${picked} of ${open}`)
      }
    }
  }
  t.same(wrong, [])
})

t.test('what changes counts from the next request on', async (t) => {
  const { states, pick } = choiceOf([1, 1, 2], 'round_robin')
  const [a, b] = states
  t.same(picks(8, pick), { a: 2, b: 2, c: 4 })
  a!.weight = 0
  t.same(picks(6, pick), { b: 2, c: 4 }, 'weight 0 drains')
  b!.ejected = true
  t.same(picks(3, pick), { c: 3 })
  b!.ejected = false
  a!.weight = 1
  t.same(picks(8, pick), { a: 2, b: 2, c: 4 })
})

t.test('credit under old weights does not starve a target', async (t) => {
  const { states, pick } = choiceOf([1000, 1], 'round_robin')
  for (let i = 0; i < 500; i++) pick()
  states[0]!.weight = 1
  t.same(picks(10, pick), { a: 5, b: 5 })
})

t.test('a retry goes where the request was not yet, while there is such a target', async (t) => {
  for (const name of BALANCER_NAMES) {
    const { states, all, pick } = choiceOf([5, 1, 1, 1], name)
    states[3]!.ejected = true
    const at = (i: number): Attempt => attempt(0, 1, all[i]!.target)
    for (let i = 0; i < 20; i++) {
      t.not(pick([at(0)]), 'a')
      t.equal(pick([at(0), at(2)]), 'b', name)
      t.match(pick([at(0), at(1), at(2)]), /^[abc]$/, 'all were tried, and one is better than none')
    }
  }
  const { all, pick } = choiceOf([1], 'round_robin')
  t.equal(pick([attempt(0, 1, all[0]!.target)]), 'a')
})

t.test('when no target is healthy: refuse', async (t) => {
  const { states, choice, pick } = choiceOf([1, 1], 'round_robin')
  states[0]!.health = 'unhealthy'
  states[1]!.ejected = true
  const { status, reason, options } = choice.pick(x, []) as LocalReply
  t.same([status, reason], [503, 'no_healthy_target'])
  t.match(options.headers, { 'retry-after': /^\d+$/, 'proxy-status': 'weir; error=destination_unavailable' })
  states[1]!.ejected = false
  t.equal(pick(), 'b')
})

t.test('when no target is healthy: panic calls all but those that drain', async (t) => {
  const { states, pick } = choiceOf([2, 1, 1], 'round_robin', 'panic')
  for (const state of states) state.health = 'unhealthy'
  states[2]!.weight = 0
  t.same(picks(6, pick), { a: 4, b: 2 })
  states[0]!.weight = 1
  t.same(picks(6, pick), { a: 3, b: 3 }, 'by the weights of the moment')
  states[1]!.health = 'healthy'
  t.same(picks(6, pick), { b: 6 }, 'until one is healthy')
})

t.test('panic calls none that its breaker keeps back, while there is another', async (t) => {
  const { states, pick } = choiceOf([1, 1], 'round_robin', 'panic')
  for (const state of states) state.health = 'unhealthy'
  const blocks = (): boolean => true
  states[0]!.blocks.add(blocks)
  t.same(picks(4, pick), { b: 4 })
  states[1]!.blocks.add(blocks)
  t.same(picks(4, pick), { a: 2, b: 2 }, 'the breakers answer')
})

t.test('panic calls a target that its breaker keeps back, if the others drain', async (t) => {
  const { states, pick } = choiceOf([0, 1], 'round_robin', 'panic')
  for (const state of states) state.health = 'unhealthy'
  states[1]!.blocks.add(() => true)
  t.same(picks(2, pick), { b: 2 }, 'one that drains is no other target')
})

t.test('all of weight 0, or none at all: no_target', async (t) => {
  for (const when of ['refuse', 'panic'] as const) {
    t.equal(choiceOf([0, 0], 'round_robin', when).pick(), '503 no_target')
    t.equal(choiceOf([], 'round_robin', when).pick(), '503 no_target')
  }
  const { states, pick } = choiceOf([0, 0], 'round_robin', 'panic')
  states[0]!.ejected = true
  t.equal(pick(), '503 no_target', 'a target that drains is not called in panic')
})

t.test('the candidates are the same array until something changes', async (t) => {
  const seen: unknown[] = []
  const all = candidates(1, 1, 1)
  for (const each of all) each.weight = 0
  const choice = new TargetChoice(
    all,
    {
      pick: (given) => {
        seen.push(given)
        return given[0]!
      },
    },
    'refuse',
  )
  choice.pick(x, [])
  choice.pick(x, [])
  all[0]!.state.ejected = true
  choice.pick(x, [])
  t.equal(seen[0], seen[1])
  t.not(seen[1], seen[2])
})
