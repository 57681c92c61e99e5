// A plugin for tests: the statistics over HTTP. A request for /statistics carries method and arguments as JSON.
import { defineFilter, reply, StatisticsKey } from '../../core/index.ts'

/** What is asked of it. */
export type Asked = readonly [method: 'summary' | 'summaries' | 'history', ...args: unknown[]]

export default defineFilter({
  name: 'statistics',
  apiVersion: 1,
  needs: [StatisticsKey],
  create: (_options, env) => {
    const statistics = env.service(StatisticsKey) as unknown as Record<string, (...given: unknown[]) => unknown>
    return {
      async request(x) {
        if (x.request.path !== '/statistics') return
        const [method, ...args] = JSON.parse((await x.request.body.buffer(1024 ** 2)).toString()) as Asked
        const result = await statistics[method]!(...args)
        const headers = { 'Content-Type': 'application/json' }
        return reply(200, 'told', { body: JSON.stringify(result ?? null), headers })
      },
    }
  },
})
