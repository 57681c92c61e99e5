import { spawn } from 'node:child_process'
import type { SpawnedWorker } from './member.ts'
import type { ToPrimary, ToWorker } from './messages.ts'
import { processChannel } from './process-channel.ts'

/** How workers are started. */
export interface SpawnOptions {
  /** Arguments of Node: the script and its own. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Descriptor of the log. The worker finds it as `LOG_FD`. */
  readonly log: number
  /** Descriptors of sockets. The worker finds them from `FIRST_SOCKET_FD` on, in this order. */
  readonly sockets: readonly number[]
  /** Gets what it writes to its standard output and error, which is not the log. */
  readonly output: (bytes: Buffer) => void
}

/** A worker's descriptors. 0 to 2 are no place for what is shared: Node makes those blocking in a child. */
export const LOG_FD = 4
export const FIRST_SOCKET_FD = 5

/** Bytes of its last output that say why a worker ended. */
const TAIL = 2000

/** Starts a worker as a process of its own. */
export function spawnWorker<Settings>({ args, env, log, sockets, output }: SpawnOptions): SpawnedWorker<Settings> {
  const child = spawn(process.execPath, [...nodeOptions(process.execArgv), ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', log, ...sockets],
    serialization: 'advanced',
    env: { ...env, NODE_OPTIONS: withoutInspector(env.NODE_OPTIONS) },
  })
  let tail = ''
  const take = (bytes: Buffer): void => {
    tail = (tail + bytes.toString()).slice(-TAIL)
    output(bytes)
  }
  child.stdout!.on('data', take)
  child.stderr!.on('data', take)
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(`it could not be started: ${error.message}`))
    // Not `close`: a process that the worker has started may keep its pipes open.
    child.on('exit', (code, signal) => {
      const last = tail.trim().split('\n').at(-1) ?? ''
      resolve(`${signal ?? `exit code ${code}`}${last === '' ? '' : `: ${last}`}`)
    })
  })
  return {
    channel: processChannel<ToPrimary, ToWorker<Settings>>(child),
    pid: child.pid,
    ended,
    kill: () => void child.kill('SIGKILL'),
  }
}

const INSPECTOR = /^--(?:inspect|debug)\b/

/** Options of Node for workers: two processes can't listen for one debugger, and each has its own limit of memory. */
export const nodeOptions = (options: readonly string[]): readonly string[] =>
  options.filter((option) => !INSPECTOR.test(option) && !option.startsWith('--max-old-space-size'))

const withoutInspector = (options: string | undefined): string | undefined =>
  options
    ?.split(' ')
    .filter((option) => !INSPECTOR.test(option))
    .join(' ')
