import t from 'tap'
import type { FilterEnv, TerminalFilter } from '../../../core/filter.ts'
import { LocalReply, type Response } from '../../../core/reply.ts'
import { type Status, StatusKey } from '../../../core/service.ts'
import { admin } from '../../../plugins/admin/filter.ts'
import { attempt, exchange } from '../../support/exchange.ts'

const status = (rest: Partial<Status> = {}): Status => ({
  version: '1.2.3',
  ready: () => true,
  checks: () => ({ listeners: true, configuration: true }),
  metrics: async () => ({ type: 'text/plain; version=0.0.4', text: 'up 1\n' }),
  ...rest,
})

async function ask(what: Status, method: string, path: string, query = '') {
  const env = { service: (key: unknown) => key === StatusKey && what } as unknown as FilterEnv
  const filter = (await admin.create({}, env)) as TerminalFilter
  const answer = await filter.call(exchange({ method, path, query }), attempt(0), { upgrade: undefined })
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
  t.match(admin, { name: 'admin', apiVersion: 1, terminal: true, needs: [StatusKey] })
})

t.test('/livez', async (t) => {
  const type = 'text/plain; charset=utf-8'
  t.same(await ask(status({ ready: () => false }), 'GET', '/livez'), { status: 200, type, length: 3, text: 'ok\n' })
  t.same(await ask(status(), 'HEAD', '/livez'), { status: 200, type, length: 3, text: '' })
})

t.test('/readyz', async (t) => {
  t.match(await ask(status(), 'GET', '/readyz'), { status: 200, text: 'ok\n' })
  t.match(await ask(status(), 'GET', '/readyz', '?verbose'), {
    status: 200,
    text: '[+]listeners ok\n[+]configuration ok\nreadyz check passed\n',
  })
  const draining = status({ ready: () => false, checks: () => ({ listeners: true, draining: false }) })
  const text = '[+]listeners ok\n[-]draining failed\nreadyz check failed\n'
  t.match(await ask(draining, 'GET', '/readyz'), { status: 503, text }, 'a failing one says why unasked')
  t.match(await ask(draining, 'HEAD', '/readyz'), { status: 503, text: '', length: text.length })
})

t.test('/metrics', async (t) => {
  t.match(await ask(status(), 'GET', '/metrics'), { status: 200, type: 'text/plain; version=0.0.4', text: 'up 1\n' })
  t.match(await ask(status(), 'HEAD', '/metrics'), { status: 200, length: 5, text: '' })
  const broken = status({ metrics: () => Promise.reject(new Error('broken')) })
  await t.rejects(ask(broken, 'GET', '/metrics'), /broken/)
})

t.test('/ lists what exists', async (t) => {
  const { text } = (await ask(status(), 'GET', '/')) as { text: string }
  t.match(text, /^weir 1\.2\.3\n/)
  for (const path of ['/livez', '/readyz', '/metrics', '/']) t.match(text, new RegExp(`^${path} `, 'm'))
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
