// Processor time and memory of a program: of its process and of all processes below it, such as workers.
import { readdirSync, readFileSync } from 'node:fs'

/** What `/proc` says, or nothing where the process has ended meanwhile. */
function lines(read: () => string | string[]): string[] {
  try {
    return [read()].flat()
  } catch {
    return []
  }
}

const tasks = (pid: number): string[] =>
  lines(() => readdirSync(`/proc/${pid}/task`)).map((task) => `/proc/${pid}/task/${task}`)

/** The process and those below it, parents first. */
export function processTree(pid: number): number[] {
  const children = tasks(pid)
    .flatMap((task) => lines(() => readFileSync(`${task}/children`, 'utf8')))
    .flatMap((text) => text.split(' ').filter(Boolean).map(Number))
  return [pid, ...children.flatMap(processTree)]
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** Seconds of processor time so far, user and system, of all threads. */
export function cpuSeconds(pid: number): number {
  const nanoseconds = processTree(pid)
    .flatMap(tasks)
    .flatMap((task) => lines(() => readFileSync(`${task}/schedstat`, 'utf8')))
    .map((text) => Number(text.split(' ')[0]))
  return sum(nanoseconds) / 1e9
}

/** Resident memory in MiB: now (`VmRSS`), or the most so far (`VmHWM`). */
export function residentMiB(pid: number, key: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  const kib = processTree(pid)
    .flatMap((each) => lines(() => readFileSync(`/proc/${each}/status`, 'utf8')))
    .map((text) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0))
  return sum(kib) / 1024
}
