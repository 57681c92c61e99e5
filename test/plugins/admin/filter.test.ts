import t from 'tap'
import type { TerminalFilter } from '../../../core/api/filter.ts'
import type { FilterEnv } from '../../../core/api/filter-factory.ts'
import { LocalReply, type Response } from '../../../core/api/reply.ts'
import { type GatewayStatus, GatewayStatusKey } from '../../../core/api/service.ts'
import { ConfigControlKey, type ReloadOutcome } from '../../../core/control/config-control.ts'
import { attempt, exchange } from '../../../core/testing.ts'
import { admin } from '../../../plugins/admin/filter.ts'

interface Ask {
  headers?: Record<string, string>
  outcome?: Partial<ReloadOutcome>
  probesOnly?: boolean
}

const status = (rest: Partial<GatewayStatus> = {}): GatewayStatus => ({
  version: '1.2.3',
  live: async () => true,
  ready: async () => true,
  checks: async () => ({ listeners: true, configuration: true }),
  metrics: async () => ({ type: 'text/plain; version=0.0.4', content: [Buffer.from('up '), Buffer.from('1\n')] }),
  ...rest,
})

const outcome: ReloadOutcome = { outcome: 'applied', version: 'abc', problems: [], warnings: [], duration_ms: 1 }

async function ask(what: GatewayStatus, method: string, path: string, query = '', more: Ask = {}) {
  const config = {
    status: () => ({ version: 'abc' }),
    reload: async (trigger: string) => ({ ...outcome, ...more.outcome, problems: [{ file: trigger }] }),
  }
  const env = { service: (key: unknown) => (key === GatewayStatusKey ? what : config) } as unknown as FilterEnv
  const filter = (await admin.create(
    { allowed_hosts: [], probes_only: more.probesOnly ?? false },
    env,
  )) as TerminalFilter
  const x = exchange({ method, path, query, headers: more.headers ?? {} })
  const answer = await filter.call(x, attempt(0), { upgrade: undefined })
  if (answer instanceof LocalReply) {
    const { status, reason, options } = answer
    return { status, reason, headers: options.headers }
  }
  return seen(answer)
}

async function seen({ status, headers, body, local }: Response) {
  t.equal(local, undefined)
  t.equal(headers.get('cache-control'), 'no-store')
  const length = Number(headers.get('content-length'))
  return { status, type: headers.get('content-type'), length, text: (await body.buffer(1e6)).toString() }
}

t.test('it says what it is', async (t) => {
  t.match(admin, { name: 'admin', apiVersion: 1, terminal: true, needs: [GatewayStatusKey, ConfigControlKey] })
})

t.test('/livez', async (t) => {
  const type = 'text/plain; charset=utf-8'
  t.same(await ask(status({ ready: async () => false }), 'GET', '/livez'), {
    status: 200,
    type,
    length: 3,
    text: 'ok\n',
  })
  t.same(await ask(status(), 'HEAD', '/livez'), { status: 200, type, length: 3, text: '' })
})

t.test('/livez asks for a restart when nothing serves requests', async (t) => {
  t.match(await ask(status({ live: async () => false }), 'GET', '/livez'), { status: 503, text: 'no worker answers\n' })
})

t.test('/readyz', async (t) => {
  t.match(await ask(status(), 'GET', '/readyz'), { status: 200, text: 'ok\n' })
  t.match(await ask(status(), 'GET', '/readyz', '?verbose'), {
    status: 200,
    text: '[+]listeners ok\n[+]configuration ok\nreadyz check passed\n',
  })
  const draining = status({ ready: async () => false, checks: async () => ({ listeners: true, draining: false }) })
  const text = '[+]listeners ok\n[-]draining failed\nreadyz check failed\n'
  t.match(await ask(draining, 'GET', '/readyz'), { status: 503, text }, 'a failing one says why unasked')
  t.match(await ask(draining, 'HEAD', '/readyz'), { status: 503, text: '', length: text.length })
})

t.test('/metrics', async (t) => {
  t.match(await ask(status(), 'GET', '/metrics'), {
    status: 200,
    type: 'text/plain; version=0.0.4',
    text: 'up 1\n',
  })
  t.match(await ask(status(), 'HEAD', '/metrics'), { status: 200, length: 5, text: '' })
  const broken = status({ metrics: () => Promise.reject(new Error('broken')) })
  await t.rejects(ask(broken, 'GET', '/metrics'), /broken/)
})

t.test('/ lists what exists', async (t) => {
  const { text } = (await ask(status(), 'GET', '/')) as { text: string }
  t.match(text, /^weir 1\.2\.3\n/)
  for (const path of ['/livez', '/readyz', '/metrics', '/']) t.match(text, new RegExp(`^GET +${path} `, 'm'))
})

t.test('anything else', async (t) => {
  for (const path of ['/nope', '/livez/', '/LIVEZ', '//', '/constructor', ''])
    t.match(await ask(status(), 'GET', path), { status: 404, reason: 'admin_not_found' }, path)
  for (const method of ['POST', 'DELETE', 'OPTIONS'])
    t.match(await ask(status(), method, '/metrics'), {
      status: 405,
      reason: 'method_not_allowed',
      headers: { Allow: 'GET, HEAD', 'Cache-Control': 'no-store' },
    })
})

t.test('/config/status', async (t) => {
  const { type, text } = (await ask(status(), 'GET', '/config/status')) as { type: string; text: string }
  t.equal(type, 'application/json')
  t.same(JSON.parse(text), { version: 'abc' })
})

t.test('/config/reload', async (t) => {
  const done = (await ask(status(), 'POST', '/config/reload')) as { status: number; text: string }
  t.equal(done.status, 200)
  t.match(JSON.parse(done.text), { outcome: 'applied', problems: [{ file: 'api' }] })
  const failed = await ask(status(), 'POST', '/config/reload', '', { outcome: { outcome: 'failed' } })
  t.equal(failed.status, 422)
  t.match(await ask(status(), 'GET', '/config/reload'), { status: 405, headers: { Allow: 'POST' } })
})

t.test('a page of another site cannot make a browser change anything', async (t) => {
  const from = (site: string) => ask(status(), 'POST', '/config/reload', '', { headers: { 'Sec-Fetch-Site': site } })
  t.match(await from('cross-site'), { status: 403, reason: 'cross_site' })
  t.match(await from('same-site'), { status: 403 })
  t.match(await from('same-origin'), { status: 200 })
  t.match(await from('none'), { status: 200 })
})

t.test('with probes_only it serves the probes and nothing else, under any host', async (t) => {
  const probe = (method: string, path: string) =>
    ask(status(), method, path, '', { probesOnly: true, headers: { Host: 'lb.test' } })
  t.match(await probe('GET', '/livez'), { status: 200, text: 'ok\n' })
  t.match(await probe('HEAD', '/readyz'), { status: 200 })
  t.match(await probe('POST', '/readyz'), { status: 405 })
  for (const path of ['/', '/metrics', '/config/status', '/config/reload'])
    t.match(await probe('GET', path), { status: 404, reason: 'admin_not_found' }, path)
})
