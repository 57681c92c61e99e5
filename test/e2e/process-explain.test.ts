// Recent exchanges and explanations over four workers: whichever served a request, the admin side finds it.
import t from 'tap'
import type { ExplainedExchange, RecentExchange } from '../../core/index.ts'
import { inject } from '../../core/testing/inject.ts'
import { folder, startWeir } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

const SECRET = 'sixteen-letters-long'

/** Shows on the admin listener what the service knows. */
const PLUGIN = `
import { RecentExchangesKey, reply } from 'weir'
export default {
  name: 'recent-page', apiVersion: 1, terminal: true, needs: [RecentExchangesKey],
  create(_, env) {
    const recent = env.service(RecentExchangesKey)
    const json = (data) => reply(200, 'recent', { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(data ?? null) })
    return {
      async call({ request }) {
        const id = request.path.slice(1)
        return json(id === '' ? await recent.list({ limit: 1000 }) : await recent.explain(decodeURIComponent(id)))
      },
    }
  },
}
`

t.test('every exchange and every explanation is found, whichever worker served it', async (t) => {
  const upstream = await startUpstream((_, res) => void res.end('up'))
  t.teardown(() => upstream.close())
  const yaml = `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0, filters: [recent-page] }
plugins: [./recent-page.mjs]
workers: 4
explain: { secret: ${SECRET} }
endpoints:
  - { name: up, version: v1, url: "${upstream.url}" }
`
  const cwd = await folder(t, { 'weir.yaml': yaml, 'recent-page.mjs': PLUGIN })
  const { weir, proxy, admin } = await startWeir(t, { cwd, env: { WEIR_WORKERS: '' } })
  const ids: string[] = []
  for (let i = 0; i < 40; i++) {
    const headers = { Connection: 'close', 'X-Request-Id': `id-${i}`, 'X-Weir-Explain': i % 2 === 0 ? SECRET : 'wrong' }
    const { status, headers: fields } = await inject(proxy, { path: `/orchestrator/v1/up/${i}?q=1`, headers })
    t.equal(status, 200)
    t.equal(fields.get('weir-explain'), i % 2 === 0 ? `/explain/id-${i}` : undefined)
    ids.push(`id-${i}`)
  }
  await weir.line(() => weir.access.length === 40)
  const list = (await inject(admin, { path: '/' })).json() as RecentExchange[]
  t.strictSame(list.map(({ request_id }) => request_id).toSorted(), ids.toSorted())
  t.strictSame(new Set(list.map(({ worker }) => worker)), new Set([1, 2, 3, 4]), 'all served some')
  t.strictSame(
    list.map(({ at }) => at),
    list
      .map(({ at }) => at)
      .toSorted()
      .toReversed(),
    'the newest first',
  )
  for (const [i, id] of ids.entries()) {
    const found = (await inject(admin, { path: `/${id}` })).json() as ExplainedExchange | null
    if (i % 2 === 1) t.equal(found, null)
    else {
      t.match(found, { request_id: id, path: `/orchestrator/v1/up/${i}`, explained: true })
      t.match(found!.route, { file: /weir\.yaml$/, line: 7 })
      t.equal(found!.worker, list.find(({ request_id }) => request_id === id)!.worker)
    }
  }
  t.equal((await weir.stop()).code, 0)
})
