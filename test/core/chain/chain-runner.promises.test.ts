import { createHook } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import t from 'tap'
import { defineFilter } from '../../../core/api/filter-factory.ts'
import { reply } from '../../../core/api/reply.ts'
import { DEFAULT_CHAIN, specOf, startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'

t.test('the default chain reaches the upstream without creating a promise', async (t) => {
  let promises = 0
  let created = -1
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') promises++
    },
  })
  // Published synchronously, before the server's own listener runs.
  const begin = (): void => {
    promises = 0
  }
  const terminal = defineFilter({
    name: 'terminal',
    apiVersion: 1,
    terminal: true,
    create: () => ({
      call() {
        created = promises
        return reply(200, 'counted', { body: 'counted' })
      },
    }),
  })
  const chain = DEFAULT_CHAIN.map((name) => (name === 'proxy' ? 'terminal' : name))
  const gateway = await startGateway(specOf([{ name: 'api', url: 'http://127.0.0.1:1' }], chain), {
    filters: [terminal],
  })
  hook.enable()
  subscribe('http.server.request.start', begin)
  t.teardown(() => {
    unsubscribe('http.server.request.start', begin)
    hook.disable()
    return gateway.close()
  })
  for (let i = 0; i < 2; i++) {
    created = -1
    t.equal((await send(`${gateway.url}/orchestrator/api?a=1`)).body, 'counted')
    t.equal(created, 0)
  }
  void Promise.resolve()
  t.ok(promises > 0, 'the hook does count')
})
