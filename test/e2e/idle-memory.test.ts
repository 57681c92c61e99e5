import t from 'tap'
import { send } from '../support/client.ts'
import { folder, spawnWeir, yamlFor } from '../support/process.ts'

t.test('what the start needed of the young generation is not kept', async (t) => {
  const cwd = await folder(t, { 'weir.yaml': yamlFor('http://127.0.0.1:1') })
  const weir = spawnWeir(t, { cwd, env: { WEIR_WORKERS: '' } })
  const { body } = await send(`${await weir.url('admin')}/metrics`)
  const [, bytes] = /^nodejs_heap_space_size_total_bytes\{space="new"\} (\d+)$/m.exec(body)!
  t.ok(Number(bytes) < 8 * 1024 * 1024, `${Number(bytes) / 1024 / 1024} MiB`)
  t.match(await weir.stop(), { code: 0 })
})
