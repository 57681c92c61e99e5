import { chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { OwnerLock } from '../../../plugins/tokens/owner-lock.ts'
import { folder } from './support.ts'

t.test('one owner at a time; the next one waits for a moment', async (t) => {
  const file = join(await folder(t), 'state.lock')
  const one = await OwnerLock.take(file)
  t.equal((await stat(file)).mode & 0o777, 0o600)
  await t.rejects(OwnerLock.take(file, 0), /state\.lock" is locked: another gateway/)
  const waiting = OwnerLock.take(file, 2000)
  one.release()
  const two = await waiting
  await t.rejects(OwnerLock.take(file, 0), /locked/)
  two.release()
})

t.test('a file that can not be used', async (t) => {
  const dir = await folder(t)
  await t.rejects(OwnerLock.take(join(dir, 'none', 'state.lock'), 0), /cannot lock ".*none\/state\.lock"/)
  await chmod(dir, 0o700)
  await t.rejects(OwnerLock.take(dir, 0), /cannot lock/)
})
