import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { WeirError } from '../../../core/api/errors.ts'
import { systemClock } from '../../../core/base/clock.ts'
import type { Question } from '../../../core/fleet/messages.ts'
import { answerCheck, RemoteChecks } from '../../../core/main/remote-checks.ts'
import { EndpointRegistry } from '../../../core/state/registry.ts'
import type { SendHealthCheck } from '../../../core/state/target-state.ts'
import { endpoint, RecordingLogger, targetOf } from '../../../core/testing.ts'

type CheckQuestion = Extract<Question, { kind: 'check' }>

/** A registry of the primary, whose checks go to another one as they go to a worker. */
function setUp(send: SendHealthCheck | undefined, worker = true) {
  const api = endpoint('api', { targets: [targetOf('http://a.test')] })
  const [primary, other] = [api, api].map((one) => {
    const registry = new EndpointRegistry(systemClock, new RecordingLogger())
    registry.sync([one])
    return registry
  }) as [EndpointRegistry, EndpointRegistry]
  if (send !== undefined) other.get('api')!.targets[0]!.offerHealthCheck(send)
  const ask = async (question: Question, timeoutMs: number) =>
    Promise.race([answerCheck(other, structuredClone(question) as CheckQuestion), setTimeout(timeoutMs)])
  const checks = new RemoteChecks(() => ({ lowest: worker ? ({ link: { ask } } as never) : undefined }))
  checks.offer(primary)
  checks.offer(primary)
  const { sendHealthCheck } = primary.get('api')!.targets[0]!
  return (signal = new AbortController().signal, timeoutMs = 1000) =>
    sendHealthCheck!({ method: 'GET', path: '/health', headers: ['a', 'b'], maxBody: 10, timeoutMs, signal })
}

t.test('a worker sends the check, and the primary gets the response', async (t) => {
  const check = setUp(async ({ method, path, headers }) => ({
    status: 200,
    body: Buffer.from(`${method} ${path} ${headers}`),
  }))
  const { status, body } = await check()
  t.match([status, String(body)], [200, 'GET /health a,b'])
})

t.test(
  'errors of the upstream are those of the check; what the gateway lacks says nothing of the target',
  async (t) => {
    const failing = (code: 'upstream_connect_failed') => setUp(() => Promise.reject(new WeirError(code)))
    await t.rejects(failing('upstream_connect_failed')(), { code: 'upstream_connect_failed' })
    for (const [what, check] of [
      ['no worker', setUp(undefined, false)],
      ['no filter calls the target', setUp(undefined)],
      ['a fault', setUp(() => Promise.reject(new Error('bug')))],
    ] as const)
      await t.rejects(check(), { code: 'internal_error' }, what)
  },
)

t.test('a check that takes too long ends in the worker, too', async (t) => {
  const ended = Promise.withResolvers<void>()
  const check = setUp(
    ({ signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          ended.resolve()
          reject(signal.reason)
        }),
      ),
  )
  const controller = new AbortController()
  const result = check(controller.signal, 20)
  controller.abort(new WeirError('upstream_timeout'))
  await t.rejects(result, { code: 'upstream_timeout' })
  await ended.promise
})
