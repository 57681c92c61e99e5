import t from 'tap'
import { nodeOptions } from '../../../core/fleet/spawn-worker.ts'

t.test('workers get neither the debugger nor the limit of memory of the primary', async (t) => {
  const given = [
    '--inspect',
    '--inspect-brk=9229',
    '--inspect-port=0',
    '--max-old-space-size=100',
    '--conditions=weir-source',
  ]
  t.strictSame(nodeOptions(given), ['--conditions=weir-source'])
})
