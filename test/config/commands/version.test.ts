import t from 'tap'
import { weir } from './support.ts'

t.test('version', async (t) => {
  t.equal((await weir(['version'])).out, `weir 1.2.3 (Node ${process.version})\n`)
  t.equal((await weir(['--version'])).out, `weir 1.2.3 (Node ${process.version})\n`)
  t.match((await weir(['version', '--json'])).json(), { version: '1.2.3', node: process.version.slice(1) })
})
