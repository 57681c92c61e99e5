import { spawn } from 'node:child_process'
import { pairedChannels } from './channel.ts'
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

/** Starts a worker as a process of its own. One that can't be started has ended at once. */
export function spawnWorker<Settings>(options: SpawnOptions): SpawnedWorker<Settings> {
  try {
    return started(options)
  } catch (error) {
    return unstarted(error as Error)
  }
}

/** @throws Error of the system, if there are too few descriptors, or too little memory */
function started<Settings>({ args, env, log, sockets, output }: SpawnOptions): SpawnedWorker<Settings> {
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
  // Undefined where there was no descriptor for them; `error` follows.
  child.stdout?.on('data', take)
  child.stderr?.on('data', take)
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(notStarted(error)))
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

const notStarted = ({ message }: Error): string => `it could not be started: ${message}`

function unstarted<Settings>(error: Error): SpawnedWorker<Settings> {
  const [channel] = pairedChannels<ToPrimary, ToWorker<Settings>>()
  // Later: nobody listens yet.
  setImmediate(() => channel.close())
  const ended = new Promise<string>((resolve) => setImmediate(() => resolve(notStarted(error))))
  return { channel, ended, kill: () => {} }
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
