import t from 'tap'
import {
  enterHook,
  type HookName,
  HookOwner,
  type HookWatch,
  hookOwner,
  leaveHook,
} from '../../../core/api/current-hook.ts'
import { WeirError } from '../../../core/api/errors.ts'
import { HookError } from '../../../core/api/hook-error.ts'

/** Keeps what it is told. */
class Errors implements HookWatch {
  readonly reported: HookError[] = []
  readonly over: string[] = []
  report(error: HookError): void {
    this.reported.push(error)
  }
  running(): void {
    this.over.push('running')
  }
  returned({ name, hook }: HookName): void {
    this.over.push(`${name} ${hook}`)
  }
}

const HOOK = { name: 'tenant', hook: 'response' }
t.afterEach(() => leaveHook(HOOK, undefined))

t.test('the owner is the hook that ran when it was asked for', async (t) => {
  const errors = new Errors()
  enterHook(HOOK, errors)
  const owner = hookOwner()
  leaveHook(HOOK, undefined)
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

t.test('an owner knows its hook, and how long it may wait', async (t) => {
  enterHook(HOOK, new Errors())
  t.match(hookOwner(), { hook: HOOK, limitMs: undefined })
  leaveHook(HOOK, undefined)
  const limited = { ...HOOK, limitMs: 2000 }
  enterHook(limited, new Errors())
  t.match(hookOwner(), { hook: HOOK, limitMs: 2000 })
  leaveHook(limited, undefined)
  t.match(hookOwner(), { hook: undefined, limitMs: undefined })
})

t.test('an error that names a hook already is kept', async (t) => {
  const known = new HookError('first', 'call', new Error('broken'))
  enterHook(HOOK, new Errors())
  t.equal(new HookOwner().failure(known), known)
})

t.test('errors of the gateway pass, all else is an error of the hook, whatever it is', async (t) => {
  enterHook(HOOK, new Errors())
  const owner = hookOwner()
  const known = new WeirError('client_gone')
  t.equal(owner.errorOf(known), known)
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  for (const odd of [proxy, null, undefined, 'text', Object.create(null)])
    t.match(owner.errorOf(odd), { code: 'filter_error', filter: 'tenant', hook: 'response' })
})

t.test('after an await the hook is unknown', async (t) => {
  const hook = async (): Promise<[before: string | undefined, after: string | undefined]> => {
    const before = hookOwner().failure('').filter
    await null
    return [before, hookOwner().failure('').filter]
  }
  enterHook(HOOK, new Errors())
  const result = hook()
  leaveHook(HOOK, undefined)
  t.same(await result, ['tenant', undefined])
})

t.test('a hook inside another: each hears when its own part is over, and the outer one goes on', async (t) => {
  const watch = new Errors()
  const outer = { name: 'retry', hook: 'upstream' }
  t.equal(enterHook(outer, watch), undefined)
  t.equal(enterHook(HOOK, watch), outer)
  leaveHook(HOOK, outer)
  t.match(hookOwner().failure(''), { filter: 'retry' })
  leaveHook(outer, undefined)
  t.same(watch.over, ['running', 'retry upstream', 'running', 'tenant response', 'running', 'retry upstream'])
})

t.test('a prompt hook is not measured, but what it calls is', async (t) => {
  const watch = new Errors()
  const prompt = { name: 'breaker', hook: 'upstream', prompt: true }
  enterHook(prompt, watch)
  t.match(hookOwner().failure(''), { filter: 'breaker' })
  enterHook(HOOK, watch)
  leaveHook(HOOK, prompt)
  leaveHook(prompt, undefined)
  t.same(watch.over, ['running', 'tenant response'])
})
