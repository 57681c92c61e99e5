import { createServer } from 'node:net'
import t from 'tap'
import type { Response, Target } from '../../../core/index.ts'
import { defineFilter, type LocalReply } from '../../../core/index.ts'
import { endpoint, exchange, FilterBench, targetOf } from '../../../core/testing.ts'
import { proxy } from '../../../filters/proxy/filter.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'
import { tally } from './balancers/support.ts'
import { gatewayTo, signal } from './support.ts'

/** Upstreams that say their name, which is their place in the list. */
async function named(t: { teardown(fn: () => unknown): unknown }, ...weights: number[]): Promise<readonly Target[]> {
  return Promise.all(
    weights.map(async (weight, i) => {
      const upstream = await startUpstream((_req, res) => void res.end(String(i)))
      t.teardown(() => upstream.close())
      return { ...targetOf(upstream.url), weight }
    }),
  )
}

/** A port on which nobody listens. */
async function refusing(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

/** Calls again once when an attempt fails. */
const again = defineFilter({
  name: 'again',
  apiVersion: 1,
  create: () => ({
    async upstream(_x, call, next): Promise<Response | LocalReply> {
      try {
        return await next(call)
      } catch {
        return next(call)
      }
    },
  }),
})

t.test('requests are shared out by weight', async (t) => {
  const targets = await named(t, 1, 3, 0)
  const { api, gateway, logged } = await gatewayTo(t, targets[0]!.url, { targets })
  const bodies: string[] = []
  for (let i = 0; i < 8; i++) bodies.push((await send(api)).body)
  t.same(tally(bodies), { 0: 2, 1: 6 })
  await logged(8)
  const states = gateway.registry.get('api')!.targets
  t.same(
    states.map(({ attempts, failures, outstanding }) => [attempts, failures, outstanding]),
    [
      [2, 0, 0],
      [6, 0, 0],
      [0, 0, 0],
    ],
  )
})

t.test('a target that refuses is blamed alone, and a retry goes to another', async (t) => {
  const [good] = await named(t, 1)
  const bad = targetOf(await refusing())
  const { api, gateway, logged } = await gatewayTo(t, bad.url, { targets: [bad, good!], filters: [again] })
  for (let i = 0; i < 4; i++) t.equal((await send(api)).body, '0')
  await logged(4)
  const [first, second] = gateway.registry.get('api')!.targets
  t.ok(first!.failures > 0)
  t.equal(first!.failures, first!.attempts)
  t.same([second!.attempts, second!.failures], [4, 0])
})

t.test('a target whose weight becomes 0 finishes what is in flight', async (t) => {
  const arrived = signal()
  const go = signal()
  const slow = await startUpstream(async (_req, res) => {
    arrived.fire()
    await go.promise
    res.end('slow')
  })
  t.teardown(() => slow.close())
  const [other] = await named(t, 1)
  const targets = [targetOf(slow.url), other!]
  const { api, gateway } = await gatewayTo(t, slow.url, { targets })
  const waiting = send(api)
  await arrived.promise
  const [state] = gateway.registry.get('api')!.targets
  t.equal(state!.outstanding, 1)
  state!.weight = 0
  for (let i = 0; i < 3; i++) t.equal((await send(api)).body, '0')
  go.fire()
  t.equal((await waiting).body, 'slow')
})

t.test('no healthy target: 503 with what a client needs, or panic', async (t) => {
  for (const when of ['refuse', 'panic']) {
    const targets = await named(t, 1, 1)
    const { api, gateway } = await gatewayTo(t, targets[0]!.url, { targets, proxy: { when_unhealthy: when } })
    for (const state of gateway.registry.get('api')!.targets) gateway.registry.setHealth(state, 'unhealthy', 'refused')
    const { status, headers, body } = await send(api)
    if (when === 'panic') t.match(body, /^[01]$/)
    else {
      t.equal(status, 503)
      t.match(headers, { 'retry-after': '10', 'proxy-status': 'weir; error=destination_unavailable' })
      t.equal(JSON.parse(body).code, 'no_healthy_target')
    }
  }
})

t.test('a balancer by name', async (t) => {
  const targets = await named(t, 1, 1)
  for (const balancer of ['least_request', 'random_two']) {
    const { api } = await gatewayTo(t, targets[0]!.url, { targets, proxy: { balancer } })
    const bodies: string[] = []
    for (let i = 0; i < 20; i++) bodies.push((await send(api)).body)
    t.match(bodies.join(''), /^[01]{20}$/, balancer)
  }
})

t.test('explain says that the balancer chooses, where there is a choice', async (t) => {
  const of = async (...weights: number[]): Promise<readonly string[]> => {
    const targets = weights.map((weight, i) => ({ ...targetOf(`http://up-${i}.test`), weight }))
    const at = endpoint('api', { targets })
    const { filter, dispose } = await new FilterBench([at]).make(proxy, { balancer: 'random_two' }, { endpoint: at })
    t.teardown(dispose)
    return [...filter.explain!(exchange())]
  }
  t.same(await of(1, 2, 0), ['one of 2 targets, which the balancer random_two picks'])
  t.same(await of(1, 0), [])
  const { filter } = await new FilterBench().make(proxy)
  t.same([...filter.explain!(exchange())], [], 'without an endpoint there is nothing to choose from')
})
