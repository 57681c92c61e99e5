import t from 'tap'
import type { PasswordHash } from '../../../core/index.ts'
import { ManualClock } from '../../../core/testing.ts'
import { Logins } from '../../../plugins/tokens/logins.ts'
import type { TokenUser } from '../../../plugins/tokens/users-file.ts'

/** A hash that says what it was asked, and takes as long as the test wants. */
function users() {
  const asked: string[] = []
  const waiting: (() => void)[] = []
  const hash = (name: string, cost: number): PasswordHash => ({
    cost,
    matches: async (password) => {
      asked.push(name)
      await new Promise<void>((resolve) => waiting.push(resolve))
      return password === 'right'
    },
    decoy: () => hash(`decoy of ${name}`, cost),
  })
  const user = (name: string, cost: number): [string, TokenUser] => [
    name,
    { name, hash: hash(name, cost), hashText: name, roles: [], scopes: [] },
  ]
  const finish = async (): Promise<void> => {
    await new Promise(setImmediate)
    for (const resolve of waiting.splice(0)) resolve()
    await new Promise(setImmediate)
  }
  return { asked, finish, all: new Map([user('ann', 10), user('bob', 12)]) }
}

t.test('an unknown name costs what the slowest known one does, and says no more', async (t) => {
  const { asked, finish, all } = users()
  const logins = new Logins(new ManualClock())
  const thrown: unknown[] = []
  for (const name of ['eve', 'ann']) {
    const login = logins.user(all, name, 'wrong', 'a').catch((error: unknown) => thrown.push(error))
    await finish()
    await login
  }
  const right = logins.user(all, 'eve', 'right', 'a').catch((error: unknown) => thrown.push(error))
  await finish()
  await right
  t.strictSame(asked, ['decoy of bob', 'ann', 'decoy of bob'])
  const replies = thrown.map((one) => JSON.stringify((one as { reply: unknown }).reply))
  t.equal(replies.length, 3)
  t.equal(new Set(replies).size, 1)
})

t.test('two are hashed at a time; those that waited behind wrong ones are not hashed at all', async (t) => {
  const { asked, finish, all } = users()
  const logins = new Logins(new ManualClock())
  for (let i = 0; i < 9; i++) {
    const login = logins.user(all, 'ann', 'wrong', 'a').catch(() => {})
    await finish()
    await login
  }
  asked.length = 0
  const four = [1, 2, 3, 4].map(() =>
    logins.user(all, 'ann', 'wrong', 'a').catch(({ status }: { status: number }) => status),
  )
  await new Promise(setImmediate)
  t.equal(asked.length, 2)
  await finish()
  await finish()
  t.strictSame(await Promise.all(four), [400, 400, 429, 429])
  t.equal(asked.length, 2)
})
