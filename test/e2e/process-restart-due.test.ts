// A plugin's code is changed while processes run that have loaded it: it is said that a restart is due.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { ConfigStatus } from '../../core/control/config-control.ts'
import { inject } from '../../core/testing/inject.ts'
import { startUpstream } from '../support/upstream.ts'
import { ready, startWorkers, workersOf } from '../support/workers.ts'

const upstream = await startUpstream((_, res) => void res.end('up'))
t.teardown(() => upstream.close())

const PLUGIN =
  "import { word } from './word.js'\nexport default { name: 'say', apiVersion: 1, create: () => ({ response(x) { x.response.headers.set('Word', word) } }) }"
const word = (text: string): string => `export const word = '${text}'`

for (const workers of [1, 2])
  t.test(`workers: ${workers}`, async (t) => {
    const rest = `workers: ${workers}\nplugins: [./say.js]\nfilters: [route-match, say, proxy]\n`
    const files = { 'say.js': PLUGIN, 'word.js': word('old'), 'package.json': '{"type":"module"}' }
    const { weir, proxy, admin, cwd } = await startWorkers(t, { url: upstream.url, rest, files })
    const due = async () => {
      const { body } = await inject(admin, { path: '/config/status' })
      return (JSON.parse(body) as ConfigStatus).restart_due
    }
    const words = async (): Promise<string[]> => {
      const call = () => inject(proxy, { path: '/orchestrator/v1/up/', headers: { Connection: 'close' } })
      const responses = await Promise.all(Array.from({ length: 40 }, call))
      return [...new Set(responses.map(({ headers }) => String(headers.get('word'))))].toSorted()
    }
    const told = () => weir.lines.filter(({ msg }) => /^restart due/.test(String(msg)))
    const reload = async () => {
      const before = weir.lines.filter(({ msg }) => /^configuration reloaded/.test(String(msg))).length
      await inject(admin, { method: 'POST', path: '/config/reload' })
      await weir.line(() => weir.lines.filter(({ msg }) => /^configuration reloaded/.test(String(msg))).length > before)
    }
    t.strictSame(await due(), [])
    writeFileSync(join(cwd, 'word.js'), word('new'))
    await reload()
    await reload()
    const all = workers === 1 ? [] : [1, 2]
    t.strictSame(await due(), [{ plugin: './say.js', workers: all }])
    t.match(told(), [{ level: 40, plugin: './say.js', workers: all }])
    t.equal(told().length, 1, 'once')
    t.strictSame(await words(), ['old'])
    writeFileSync(join(cwd, 'word.js'), word('old'))
    t.strictSame(await due(), [], 'the disk is as before')
    if (workers === 1) return

    writeFileSync(join(cwd, 'word.js'), word('new'))
    process.kill(workersOf(weir).get(1)!, 'SIGKILL')
    await ready(weir, 3)
    t.strictSame(await due(), [{ plugin: './say.js', workers: [2] }])
    t.equal(told().length, 2)
    process.kill(workersOf(weir).get(2)!, 'SIGKILL')
    await ready(weir, 4)
    t.strictSame(await due(), [])
    t.strictSame(await words(), ['new'])
  })
