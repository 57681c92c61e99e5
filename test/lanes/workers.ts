// npm run test:workers: the tests of whole processes once more, with two workers in place of one process. One file at a time: each
// keeps three processes busy.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

/** These count what one process does: its descriptors, its connections, its instances. */
const OF_ONE_PROCESS = ['descriptors', 'reload-carry'].map((name) => `test/e2e/process-${name}.test.ts`)
/** These say themselves how many workers there are. */
const THEIR_OWN = /process-(?:workers|breakers|restart-due)/
const files = globSync('test/e2e/process-*.test.ts')
  .filter((file) => !OF_ONE_PROCESS.includes(file) && !THEIR_OWN.test(file))
  .toSorted()
const env = { ...process.env, WEIR_WORKERS: '2' }
const { status } = spawnSync('tap', ['--jobs=1', '--disable-coverage', ...files], { stdio: 'inherit', env })
process.exit(status ?? 1)
