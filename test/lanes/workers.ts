// npm run test:workers: the tests of whole processes once more, with two workers in place of one process.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'

const files = globSync('test/e2e/process-*.test.ts').toSorted()
const jobs = `--jobs=${availableParallelism()}`
const env = { ...process.env, WEIR_WORKERS: '2' }
const { status } = spawnSync('tap', [jobs, '--disable-coverage', ...files], { stdio: 'inherit', env })
process.exit(status ?? 1)
