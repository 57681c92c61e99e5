// npm test: every test file in a process of its own. Coverage and its thresholds belong to CI: collecting it costs half as
// much again. More files than cores run at once, because many of them wait for other processes.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

const coverage = process.env.CI === undefined || process.env.CI === '' ? ['--disable-coverage'] : []
const jobs = `--jobs=${availableParallelism() * 2}`
const { status } = spawnSync('tap', [jobs, ...coverage, ...process.argv.slice(2)], { stdio: 'inherit' })
process.exit(status ?? 1)
