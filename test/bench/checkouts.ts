// Commits of this repository as folders that Weir runs from.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atExit } from './at-exit.ts'
import { ROOT } from './weir.ts'

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim()

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly dev?: boolean }>>
}

/** The packages that Weir runs with, as text. */
function packages(folder: string): string {
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as Lock
  const used = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true)
  return used.map(([path, { version }]) => `${path}@${version}`).join('\n')
}

/** The folder of a commit (anything that git resolves; `.` is the working tree). It is removed when the process ends. */
export function checkout(ref: string): string {
  if (ref === '.') return ROOT
  const commit = git('rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`)
  const parent = mkdtempSync(join(tmpdir(), 'weir-ab-'))
  const folder = join(parent, commit.slice(0, 12))
  atExit(() => {
    rmSync(parent, { recursive: true, force: true })
    git('worktree', 'prune')
  })
  git('worktree', 'add', '--detach', folder, commit)
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  if (packages(folder) !== packages(ROOT))
    console.error(`!!! ${ref} has other packages in its package-lock.json, but it runs with those of the working tree`)
  return folder
}
