import t from 'tap'
import type { ServiceKey } from '../../../core/api/service.ts'
import { ConfigControlKey } from '../../../core/control/config-control.ts'
import { callService, remoteServices } from '../../../core/main/remote-services.ts'

t.test('a call in a worker is a call in the primary', async (t) => {
  const local = new Map<ServiceKey<unknown>, unknown>([
    [ConfigControlKey, { status: async () => ({ version: 'v' }), reload: async (why: string) => ({ outcome: why }) }],
  ])
  const remote = remoteServices((call) => callService(local, structuredClone(call)))
  const config = remote.get(ConfigControlKey) as { status(): Promise<unknown>; reload(why: string): Promise<unknown> }
  t.strictSame(await config.status(), { version: 'v' })
  t.strictSame(await config.reload('api'), { outcome: 'api' })
})

t.test('nothing else can be called', async (t) => {
  for (const [service, method] of [
    ['config', 'constructor'],
    ['config', '__proto__'],
    ['registry', 'get'],
  ] as const)
    await t.rejects(callService(new Map(), { service, method, args: [] }), /there is no/)
})
