import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const NAME = /^weir-workers-(\d+)-/

/**
 * Makes a folder for compiled code, of this gateway alone: whoever can write into it can have code run. It is removed when this process
 * exits; what processes that were killed have left is removed here.
 * @returns undefined: none can be made
 */
export function makeCompileCache(): string | undefined {
  try {
    removeLeft()
    const folder = mkdtempSync(join(tmpdir(), `weir-workers-${process.pid}-`))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    return folder
  } catch {
    return undefined
  }
}

/** A process that runs in another container may count as gone: its workers then start slower, and nothing else. */
function removeLeft(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = NAME.exec(name) ?? []
    if (pid === undefined || isRunning(Number(pid))) continue
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
    } catch {
      // It is another user's.
    }
  }
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
