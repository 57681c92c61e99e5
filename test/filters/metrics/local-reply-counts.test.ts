import t from 'tap'
import { LocalReplyCounts } from '../../../filters/metrics/local-reply-counts.ts'

t.test('counts by filter and reason; one series beyond the cap', async (t) => {
  const replies = new LocalReplyCounts(2)
  for (const reason of ['a', 'b', 'c', 'a', 'd']) replies.add('auth', reason)
  t.same(replies.samples(), [
    { labels: { filter: 'auth', reason: 'a' }, value: 2 },
    { labels: { filter: 'auth', reason: 'b' }, value: 1 },
    { labels: { filter: '_OTHER', reason: '_OTHER' }, value: 2 },
  ])
})
