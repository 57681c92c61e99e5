import t from 'tap'
import { CheckConcurrency } from '../../../plugins/health/check-concurrency.ts'

t.test('a bounded number at once; owners take turns', async (t) => {
  const concurrency = new CheckConcurrency(2)
  const started: string[] = []
  const finish: (() => void)[] = []
  const run = (owner: string, name: string): Promise<string> =>
    concurrency.run(owner, async () => {
      started.push(name)
      await new Promise<void>((resolve) => finish.push(resolve))
      return name
    })
  const results = [run('a', 'a1'), run('a', 'a2'), run('a', 'a3'), run('a', 'a4'), run('b', 'b1'), run('c', 'c1')]
  t.same(started, ['a1', 'a2'])
  for (let i = 0; i < results.length; i++) {
    finish[i]!()
    await new Promise(setImmediate)
    t.ok(started.length <= i + 3, `at most two at once: ${started.length}`)
  }
  t.same(started, ['a1', 'a2', 'a3', 'b1', 'c1', 'a4'])
  t.same(await Promise.all(results), ['a1', 'a2', 'a3', 'a4', 'b1', 'c1'])
})

t.test('a job that fails frees its place', async (t) => {
  const concurrency = new CheckConcurrency(1)
  await t.rejects(
    concurrency.run('a', () => Promise.reject(new Error('broken'))),
    /broken/,
  )
  t.equal(await concurrency.run('a', async () => 'next'), 'next')
})
