import fc from 'fast-check'
import t from 'tap'
import { PARTS, RetryBudget } from '../../../filters/retry/retry-budget.ts'

const WINDOW = 1000

/** The same, by looking through everything that ever happened. */
class Naive {
  readonly #requests: number[] = []
  readonly #retries: number[] = []

  request(now: number): void {
    this.#requests.push(now)
  }

  retry(now: number): void {
    this.#retries.push(now)
  }

  allows(percent: number, min: number, now: number): boolean {
    const part = (at: number): number => Math.floor(at / (WINDOW / PARTS))
    const within = (times: number[]): number => times.filter((at) => part(at) > part(now) - PARTS).length
    return within(this.#retries) < Math.max(min, Math.floor((within(this.#requests) * percent) / 100))
  }
}

t.test('agrees with a count of everything', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 5 }),
      fc.array(fc.tuple(fc.nat(700), fc.integer({ min: 0, max: 3 })), { maxLength: 200 }),
      (percent, minRetries, steps) => {
        const budget = new RetryBudget(WINDOW)
        const naive = new Naive()
        let now = 12_345.6
        for (const [pause, kind] of steps) {
          now += pause ** 2 / 500
          if (kind > 0) {
            budget.request(now)
            naive.request(now)
          }
          const allowed = budget.allows({ percent, minRetries }, now)
          if (allowed !== naive.allows(percent, minRetries, now)) return false
          if (!allowed) continue
          budget.retry(now)
          naive.retry(now)
        }
        return true
      },
    ),
    { numRuns: 500 },
  )
})

t.test('twenty in a hundred, and a few when there is little', async (t) => {
  const budget = new RetryBudget(10_000)
  const rules = { percent: 20, minRetries: 3 }
  const retries = (now: number): number => {
    let count = 0
    while (budget.allows(rules, now)) {
      budget.retry(now)
      count++
    }
    return count
  }
  t.equal(retries(0), 3)
  for (let i = 0; i < 100; i++) budget.request(5000)
  t.equal(retries(5000), 17)
  t.equal(retries(9999), 0)
  t.equal(retries(10_000), 3, 'the first three are out of the window')
  t.equal(retries(100_000), 3)
  t.equal(new RetryBudget(10).allows({ percent: 0, minRetries: 0 }, 0), false)
})

t.test('a window shorter than a clock can tell holds up nobody', async (t) => {
  for (const window of [1e-9, 5e-321]) {
    const budget = new RetryBudget(window)
    budget.request(1e9)
    budget.retry(1e9)
    t.notOk(budget.allows({ percent: 100, minRetries: 0 }, 1e9))
    t.ok(budget.allows({ percent: 0, minRetries: 1 }, 2e9))
  }
})
