// What the machine offers, and what of it was taken by others.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { cpus } from 'node:os'

/** Whether there is such a command. Debian keeps nginx and haproxy where only root looks for them. */
export const has = (command: string): boolean => pathOf(command) !== undefined

/** The path of a command, or undefined. */
export function pathOf(command: string): string | undefined {
  const { status, stdout } = spawnSync('which', [command], {
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin` },
    encoding: 'utf8',
  })
  return status === 0 ? stdout.trim() : undefined
}

/** Whether the gateway gets a core of its own. */
export const canPin = cpus().length > 1 && has('taskset')

/** What starts a program on one core, where that is possible. */
export const pinTo = (core: number | undefined): string[] =>
  core !== undefined && canPin ? ['taskset', '-c', String(core)] : []

/** Ticks of all processors since the machine started, and those that its host gave to other machines (proc_stat(5)). */
export function ticks(): { readonly all: number; readonly stolen: number } {
  const [, ...fields] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.split(/\s+/)
  const values = fields.slice(0, 8).map(Number)
  return { all: values.reduce((a, b) => a + b, 0), stolen: values[7] ?? 0 }
}

/** A port of 127.0.0.1 that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** One line for reports. */
export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Node ${process.version}, gateway ${canPin ? 'on core 0, load and upstream on core 1' : 'not pinned'}`
