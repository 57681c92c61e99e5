import t from 'tap'
import type { TokenNews } from '../../../core/control/tokens.ts'
import type { Question } from '../../../core/fleet/messages.ts'
import { TokenNewsSender } from '../../../core/main/token-news-sender.ts'
import { until } from '../../support/reload.ts'

const ALL: TokenNews = { trust: null, revoked: [['all', 1]] }
const NEWS: TokenNews = { revoked: [['a', 1]] }

/** A worker that confirms what it is told, or does not. */
function worker(confirms: () => unknown = () => true) {
  const told: TokenNews[] = []
  return {
    told,
    link: {
      async ask(question: Question) {
        if (question.kind === 'token-news') told.push(question.news)
        return confirms()
      },
    },
  }
}

t.test('one that joins is told everything, in the same turn, and then what is new', async (t) => {
  const sender = new TokenNewsSender(() => ALL)
  await sender.tell(NEWS)
  const [first, second] = [worker(), worker()]
  sender.joined(first)
  t.strictSame(first.told, [ALL])
  sender.joined(second)
  await sender.tell(NEWS)
  t.strictSame(
    [first.told, second.told],
    [
      [ALL, NEWS],
      [ALL, NEWS],
    ],
  )
  sender.left(first)
  await sender.tell(NEWS)
  t.equal(first.told.length, 2)
})

t.test('one that does not confirm makes it fail, and is told everything again', async (t) => {
  const sender = new TokenNewsSender(() => ALL)
  let answers: unknown[] = [true, undefined, undefined]
  const late = worker(() => (answers.length === 0 ? true : answers.shift()))
  sender.joined(late)
  await new Promise(setImmediate)
  await t.rejects(sender.tell(NEWS), /a worker has not confirmed news of tokens in time/)
  await until(
    async () => late.told.length,
    (count) => count === 4,
  )
  t.strictSame(late.told, [ALL, NEWS, ALL, ALL])
  answers = []
  await sender.tell(NEWS)
  t.equal(late.told.length, 5)
})

t.test('one that is gone must know nothing', async (t) => {
  const sender = new TokenNewsSender(() => ALL)
  const gone = worker(() => {
    sender.left(gone)
    return undefined
  })
  sender.joined(worker())
  sender.joined(gone)
  await sender.tell(NEWS)
  t.equal(gone.told.length, 1)
})
