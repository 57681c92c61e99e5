import t from 'tap'
import { RestartPolicy } from '../../../core/fleet/restart-policy.ts'

t.test('one that had started well is replaced at once, others later each time', async (t) => {
  const policy = new RestartPolicy()
  policy.ready()
  t.strictSame([policy.ended(1000), policy.ended(999), policy.ended(undefined)], [0, 100, 200])
  for (let i = 0; i < 20; i++) policy.ended(0)
  t.equal(policy.ended(undefined), 10_000, 'at most')
  t.strictSame([policy.ended(5000), policy.ended(0)], [0, 100], 'and anew after a good start')
})

t.test('where none was ever ready, the fifth end is the last', async (t) => {
  const policy = new RestartPolicy()
  t.strictSame(
    Array.from({ length: 5 }, () => policy.ended(undefined)),
    [100, 200, 400, 800, undefined],
  )
})
