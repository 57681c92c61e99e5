// The suite's smallest form, as a user runs it.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { CASES } from './cases.ts'
import { processTree } from './process-tree.ts'
import type { Report } from './report.ts'

const wrk = spawnSync('which', ['wrk']).status === 0
if (!wrk && process.env.CI !== undefined) t.fail('wrk is needed here, and must be installed in CI')
const skip = wrk ? false : 'NOT TESTED: wrk is not installed'

const bench = join(import.meta.dirname, 'bench.ts')
const SMALLEST = ['--rounds', '1', '--seconds', '1', '--warm-up', '1']
const run = (...args: string[]) => spawnSync(process.execPath, [bench, ...args], { encoding: 'utf8' })

t.test('one case, its table and its JSON', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const json = join(folder, 'result.json')
  const { status, stdout, stderr } = run('post', ...SMALLEST, '--json', json)
  t.equal(status, 0, stderr)
  t.match(stdout, /\| post \| Weir ÷ bare, processor time per request \| \d/)
  const report = JSON.parse(readFileSync(json, 'utf8')) as Report
  t.match(report, { rounds: 1, seconds: 1, missing: [], leftOut: { post: Number } })
  t.match(report.lines, [
    { case: 'post', what: 'Weir ÷ bare', of: 'cpu', bound: { must: 1.2, goal: 1.1 }, verdict: /goal|must|missed/ },
  ])
  t.equal(report.lines[0]!.itself!.length, 2, 'each against itself')
  for (const { median, low, high } of [report.lines[0]!.value, ...report.lines[0]!.itself!])
    t.ok(low > 0 && low <= median && median <= high)
  t.strictSame(
    report.programs.map(({ name }) => name),
    ['Weir', 'bare'],
  )
  for (const { name, measures } of report.programs)
    for (const [measure, { median }] of Object.entries(measures)) t.ok(median > 0, `${name} ${measure} ${median}`)
})

t.test('SIGINT ends every process and removes the folder', { skip }, async (t) => {
  const child = spawn(process.execPath, [bench, 'post', '--rounds', '99'], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  const children = (): number[] => processTree(child.pid!).slice(1)
  while (children().length < 2) await setTimeout(20)
  const pids = children()
  const folder = readlinkSync(`/proc/${pids[0]}/cwd`)
  t.match(folder, /weir-bench-/)
  child.kill('SIGINT')
  t.strictSame(await exited, [130, null])
  t.notOk(existsSync(folder))
  // A process that nobody has waited for yet has no program any more.
  for (const pid of pids) t.notOk(existsSync(`/proc/${pid}/exe`), `${pid} has ended`)
})

t.test('--list names every case', async (t) => {
  const { status, stdout } = run('--list')
  t.equal(status, 0)
  t.strictSame(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
    CASES.map(({ name }) => name),
  )
  t.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length, 'no name twice')
})

t.test('a name of a group means all its cases', async (t) => {
  const names = run('--list', 'filters')
    .stdout.trim()
    .split('\n')
    .map((line) => line.split(' ')[0])
  const group = CASES.filter((item) => 'load' in item && item.group === 'filters')
  t.strictSame(
    names,
    group.map(({ name }) => name),
  )
  t.ok(names.includes('access-log') && names.includes('traces-1') && names.includes('filter-auth'))
  t.notOk(
    CASES.some(({ name }) => name === 'filters'),
    'no case has the name of the group',
  )
})

t.test('what the command line does not understand', async (t) => {
  t.match(run('nothing'), { status: 1, stderr: 'unknown case nothing; --list shows those there are' })
  t.match(run('--rounds', '0'), { status: 1, stderr: '--rounds must be a number above 0, not "0"' })
  t.equal(run('--nothing').status, 1)
})
