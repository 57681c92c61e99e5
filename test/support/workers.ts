import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { inject } from '../../core/testing/inject.ts'
import { folder, startWeir, type WeirProcess, yamlFor } from './process.ts'

interface Cleaner {
  teardown(fn: () => unknown): void
}

/** Calls of the endpoint, until stopped. Each opens a connection, so that any worker may get it. */
export function keepCalling(url: string, path = '/orchestrator/v1/up/') {
  const outcomes: (number | string)[] = []
  let on = true
  const call = async (): Promise<void> => {
    while (on)
      outcomes.push(
        await inject(url, { path, headers: { Connection: 'close' } }).then(
          ({ status }) => status,
          (error: NodeJS.ErrnoException) => error.code ?? String(error),
        ),
      )
  }
  const calls = Promise.all(Array.from({ length: 4 }, call))
  return async () => {
    on = false
    await calls
    return outcomes
  }
}

/** A gateway with workers, whatever the environment of the tests says. */
export async function startWorkers(
  t: Cleaner,
  { rest = 'workers: 2\n', files = {}, url }: { rest?: string; files?: Readonly<Record<string, string>>; url: string },
) {
  const cwd = await folder(t, { 'weir.yaml': yamlFor(url, rest), ...files })
  const started = await startWeir(t, { cwd, env: { WEIR_WORKERS: '' } })
  const write = (yaml: string): Promise<void> => writeFile(join(cwd, 'weir.yaml'), yaml)
  const counted = async (): Promise<number> => {
    const { body: text } = await inject(started.admin, { path: '/metrics' })
    const lines = text.matchAll(/^http_server_request_duration_seconds_count\{.*endpoint="v1\/up".*\} (\d+)$/gm)
    return [...lines].reduce((sum, [, count]) => sum + Number(count), 0)
  }
  return { ...started, write, counted, cwd }
}

/** The processes that are workers now, by number. */
export function workersOf(weir: WeirProcess): Map<number, number> {
  const ready = weir.lines.filter((line) => / is ready$/.test(String(line.msg)))
  return new Map(ready.map((line) => [line.worker as number, line.pid as number]))
}

export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

export async function gone(pids: Iterable<number>): Promise<void> {
  for (const pid of pids) while (isAlive(pid)) await setTimeout(20)
}

export const ready = (weir: WeirProcess, times: number): Promise<unknown> =>
  weir.line(() => weir.lines.filter((line) => / is ready$/.test(String(line.msg))).length >= times)
