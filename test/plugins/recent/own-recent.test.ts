import t from 'tap'
import { TargetSlot } from '../../../core/api/endpoint.ts'
import { WeirError } from '../../../core/api/errors.ts'
import type { Finished } from '../../../core/api/filter.ts'
import { reply } from '../../../core/api/reply.ts'
import { renderReply } from '../../../core/chain/render-reply.ts'
import { exchange, ManualClock, targetOf } from '../../../core/testing.ts'
import { OwnRecent, type RecentSettings } from '../../../plugins/recent/own-recent.ts'

const SETTINGS: RecentSettings = { keep: 3, errors: 2, slow: 2, slowerThanMs: 1000 }

function recent(settings = SETTINGS, worker: number | null = null) {
  const clock = new ManualClock()
  const own = new OwnRecent(clock, worker)
  own.configure(settings, (listener) => listener === 'proxy')
  const end = (path: string, more: Partial<Finished> = {}, parts: Parameters<typeof exchange>[0] = {}): void => {
    clock.advance(10_000)
    const x = exchange({ path, ...parts })
    own.finished(
      {
        exchange: x,
        outcome: 'completed',
        status: 200,
        error: undefined,
        durationMs: 5,
        listener: 'proxy',
        attempts: 1,
        ...more,
      },
      false,
    )
  }
  const paths = (which = {}): string[] => own.list(which).map(({ path }) => path)
  return { own, end, paths }
}

t.test('the last ones are kept, the newest first; errors and slow ones are not pushed out', async (t) => {
  const { end, paths } = recent()
  end('/error', { status: 503 })
  end('/slow', { durationMs: 1000 })
  end('/tunnel', { durationMs: 90_000, status: 101 })
  for (const n of [1, 2, 3]) end(`/${n}`)
  t.strictSame(paths(), ['/3', '/2', '/1', '/slow', '/error'], 'the tunnel was an ordinary one')
  end('/4')
  t.strictSame(paths(), ['/4', '/3', '/2', '/slow', '/error'])
})

t.test('what is an error: a status from 500 on, or broken off by upstream or gateway, not by the client', async (t) => {
  const { end, paths } = recent({ ...SETTINGS, errors: 5 })
  end('/broken', { outcome: 'aborted', error: new WeirError('upstream_reset') })
  end('/left', { outcome: 'aborted', error: new WeirError('client_gone'), status: 0 })
  end('/404', { status: 404 })
  end('/500', { status: 500 })
  t.strictSame(paths({ errors: true }), ['/500', '/broken'])
})

t.test('they are found by endpoint and time, and bounded', async (t) => {
  const { own, end, paths } = recent({ keep: 2000, errors: 0, slow: 0, slowerThanMs: Infinity })
  for (let i = 0; i < 1100; i++) end(`/${i}`, { durationMs: i })
  t.equal(paths().length, 100)
  t.equal(paths({ limit: 1e9 }).length, 1000)
  t.strictSame(paths({ limit: 0 }), [])
  t.strictSame(paths({ limit: Number.NaN }), [])
  t.strictSame(paths({ slower_than_ms: 1099 }), ['/1099'])
  t.strictSame(paths({ endpoint: 'other' }), [])
  end('/error', { status: 500 })
  t.strictSame(paths({ errors: true }), [], 'none are kept')
  own.configure({ ...SETTINGS, keep: 0 }, () => true)
  t.strictSame(paths(), [])
})

t.test('an exchange as plain data, without query and field values', async (t) => {
  const { own } = recent(SETTINGS, 2)
  const x = exchange({ method: 'POST', path: '/a', query: '?token=secret', headers: { Authorization: 'secret' } })
  const to = targetOf('http://shop.test:8080')
  x.set(TargetSlot, to)
  x.traceId = 'a'.repeat(32)
  x.response = renderReply(x, reply(503, 'breaker_open'), 'breaker')
  own.finished(
    {
      exchange: x,
      outcome: 'completed',
      status: 503,
      error: undefined,
      durationMs: 1.23456,
      listener: 'proxy',
      attempts: 2,
    },
    true,
  )
  const [found] = own.list({})
  t.match(found, {
    request_id: null,
    trace_id: 'a'.repeat(32),
    listener: 'proxy',
    method: 'POST',
    path: '/a',
    endpoint: null,
    target: to.url,
    attempts: 2,
    status: 503,
    outcome: 'completed',
    filter: 'breaker',
    reason: 'breaker_open',
    error: null,
    duration_ms: 1.235,
    worker: 2,
    explained: true,
  })
  t.match(found!.at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  t.notMatch(JSON.stringify(found), /secret/)
  t.strictSame(structuredClone(found), found)
})

t.test('a host with credentials is not shown', async (t) => {
  const { own, end } = recent()
  end('/', {}, { host: 'user:password@example.com' })
  t.equal(own.list({})[0]!.host, '')
})

t.test('texts are bounded', async (t) => {
  const { own, end } = recent()
  end(`/${'ä'.repeat(5000)}`, {}, { method: 'M'.repeat(500), host: 'h'.repeat(5000) })
  const [found] = own.list({})
  for (const text of Object.values(found!)) if (typeof text === 'string') t.ok(text.length <= 512)
  t.match(found!.path, /…$/)
})

t.test('neither other listeners, nor what is no request, nor anything while it is off', async (t) => {
  const { own, end, paths } = recent()
  end('/admin', { listener: 'admin' })
  end('/unparsed', { outcome: 'unparsed', exchange: undefined })
  own.configure({ keep: 0, errors: 0, slow: 0, slowerThanMs: 0 }, () => true)
  end('/off')
  t.strictSame(paths(), [])
})
