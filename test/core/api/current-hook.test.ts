import t from 'tap'
import { enterHook, type HookErrors, HookOwner, hookOwner, leaveHook } from '../../../core/api/current-hook.ts'
import { HookError } from '../../../core/api/hook-error.ts'

/** Keeps what is reported. */
class Errors implements HookErrors {
  readonly reported: HookError[] = []
  report(error: HookError): void {
    this.reported.push(error)
  }
}

const HOOK = { name: 'tenant', hook: 'response' }
t.afterEach(() => leaveHook())

t.test('the owner is the hook that ran when it was asked for', async (t) => {
  const errors = new Errors()
  enterHook(HOOK, errors)
  const owner = hookOwner()
  leaveHook()
  enterHook({ name: 'other', hook: 'request' }, new Errors())
  const cause = new Error('broken')
  t.match(owner.failure(cause), { code: 'filter_error', filter: 'tenant', hook: 'response', cause })
  owner.report(cause)
  t.match(errors.reported, [{ filter: 'tenant', hook: 'response', cause }])
})

t.test('outside of hooks the owner is unknown, and always the same object', async (t) => {
  const owner = hookOwner()
  t.equal(hookOwner(), owner)
  t.match(owner.failure('thrown'), { filter: undefined, hook: 'body', cause: 'thrown' })
  t.doesNotThrow(() => owner.report(new Error('nobody is told')))
  enterHook(HOOK, new Errors())
  t.not(hookOwner(), owner)
})

t.test('an error that names a hook already is kept', async (t) => {
  const known = new HookError('first', 'call', new Error('broken'))
  enterHook(HOOK, new Errors())
  t.equal(new HookOwner().failure(known), known)
})

t.test('after an await the hook is unknown', async (t) => {
  const hook = async (): Promise<[before: string | undefined, after: string | undefined]> => {
    const before = hookOwner().failure('').filter
    await null
    return [before, hookOwner().failure('').filter]
  }
  enterHook(HOOK, new Errors())
  const result = hook()
  leaveHook()
  t.same(await result, ['tenant', undefined])
})
