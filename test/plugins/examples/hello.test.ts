import { resolve } from 'node:path'
import t from 'tap'
import { loadPlugins } from '../../../core/build/plugin-loader.ts'
import { conform, run } from '../../../core/testing.ts'

// As a gateway loads it: it imports \`weir\`, which is the engine that runs it.
const root = resolve(import.meta.dirname, '../../..')
const [loaded] = await loadPlugins([{ specifier: './plugins/examples/hello.ts', at: [] }], root)
const [hello] = loaded!

t.test('names the gateway on what passes', async (t) => {
  const { headerChanges, verdicts } = await run([{ filter: hello, name: 'greeter' }])
  t.same(headerChanges.response.added, { 'x-hello': 'from greeter' })
  t.match(verdicts, [{ hook: 'response', async: false }])
})

t.test('keeps the rules that every filter keeps', () => conform(hello))
