// npm run test:fast: the unit tests, many files to a process, because starting Node and tap costs more than most of them.
// Files named `….slow.test.ts` are left to npm test: they take longer than two seconds, start processes, or need one of their own.
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const GROUP = fileURLToPath(new URL('fast-group.ts', import.meta.url))

const files = ['core', 'config', 'filters', 'plugins']
  .flatMap((part) =>
    readdirSync(join(root, 'test', part), { recursive: true, encoding: 'utf8' }).map((name) =>
      join('test', part, name),
    ),
  )
  .filter((name) => name.endsWith('.test.ts') && !name.endsWith('.slow.test.ts'))
  .concat('test/layout.test.ts')
  .sort((a, b) => statSync(join(root, b)).size - statSync(join(root, a)).size)

const groups: string[][] = Array.from({ length: availableParallelism() }, () => [])
for (const [i, file] of files.entries()) groups[i % groups.length]!.push(file)

const results = await Promise.all(groups.map(run))
const total = (what: string): number =>
  results
    .flatMap(({ output }) => [...output.matchAll(/^# \{ total: .*\}$/gm)].slice(-1))
    .reduce((sum, [line]) => sum + Number(new RegExp(`\\b${what}: (\\d+)`).exec(line)?.[1] ?? 0), 0)
for (const { output, code } of results) if (code !== 0) process.stdout.write(failuresOf(output))
console.log(`${total('pass')} passed, ${total('fail')} failed, ${total('skip') + total('todo')} skipped`)
process.exit(results.every(({ code }) => code === 0) ? 0 : 1)

function run(group: readonly string[], index: number): Promise<{ output: string; code: number }> {
  // The files go by the environment: tap makes names of folders out of the arguments.
  const env = { ...process.env, WEIR_TEST_FILES: group.join('\n') }
  const child = spawn(process.execPath, [GROUP, String(index)], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ output, code: code ?? 1 })))
}

/** The failed assertions of a TAP stream with their details; everything if there is none. */
function failuresOf(output: string): string {
  const failed = output.match(/^ *not ok (?!.*# (?:SKIP|TODO)).*\n(?: +---\n[\s\S]*?\n +\.\.\.\n)?/gm)
  return failed?.join('') ?? output
}
