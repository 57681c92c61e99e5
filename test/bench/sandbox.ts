import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { atExit } from './at-exit.ts'
import { pinTo } from './machine.ts'
import { processTree } from './process-tree.ts'

/** What starts a program. */
export interface Command {
  readonly command: readonly [file: string, ...args: string[]]
  readonly env?: Readonly<Record<string, string>>
}

/** Where a program runs. */
export interface Place {
  /** A folder of its own. */
  readonly folder: string
  readonly port: number
  /** Port of the upstream on 127.0.0.1. */
  readonly upstream: number
  /** For Weir: folder of the checkout. Default: this one. */
  readonly checkout?: string
}

export type Launcher = (place: Place) => Command | Promise<Command>

/** A request that a program which is ready returns 200 to. */
export interface Ready {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What programs inherit: nothing that would change how Weir runs. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(WEIR|OTEL|NODE)_/.test(name)))

/** A program that runs. */
export interface Program {
  readonly name: string
  readonly pid: number
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  /** File that its output goes to. */
  readonly log: string
}

const READY_MS = 30_000
const POLL_MS = 5

/** Processes and a temporary folder that all end with the benchmark, whatever ends it. */
export class Sandbox {
  /** In memory where there is such a folder, so that no disk is measured. */
  readonly folder: string = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'weir-bench-'))
  readonly #children = new Set<ChildProcess>()
  readonly #forget: () => void

  constructor() {
    this.#forget = atExit(() => this.close())
  }

  /** Starts a program, and waits until its URL returns 200. Throws, with its last output, when it ends or says nothing. */
  async start(name: string, port: number, ready: Ready, core: number | undefined, what: Command): Promise<Program> {
    const log = join(this.folder, `${name.replaceAll(/\W+/g, '-')}-${port}.log`)
    const child = this.spawn(what, core, log)
    const url = `http://127.0.0.1:${port}`
    const fail = (why: string): never => {
      throw new Error(`${name} ${why}:\n${readFileSync(log, 'utf8').slice(-2000)}`)
    }
    for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(POLL_MS)) {
      if (child.exitCode !== null || child.signalCode !== null) fail('ended')
      const response = await fetch(`${url}${ready.path}`, { headers: ready.headers ?? {} }).catch(() => undefined)
      await response?.arrayBuffer()
      if (response?.status === 200) return { name, pid: child.pid!, url, log }
    }
    return fail(`did not return 200 at ${ready.path}`)
  }

  spawn({ command, env }: Command, core: number | undefined, log: string): ChildProcess {
    const [file = '', ...args] = [...pinTo(core), ...command]
    const out = openSync(log, 'a')
    const child = spawn(file, args, {
      cwd: this.folder,
      stdio: ['ignore', out, out],
      env: { ...environment(), ...env },
    })
    closeSync(out)
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return child
  }

  /** Runs a program to its end and gives what it printed. After `stopAfterMs` it gets SIGINT. */
  async run({ command, env }: Command, core: number | undefined, stopAfterMs?: number): Promise<string> {
    const [file = '', ...args] = [...pinTo(core), ...command]
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...environment(), ...env } })
    this.#children.add(child)
    const timer = stopAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGINT'), stopAfterMs)
    let [out, errors] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
    clearTimeout(timer)
    this.#children.delete(child)
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${out}${errors}`)
    return out
  }

  /** Ends every process, with those below it, by number. */
  stop(): void {
    // The parents first, so that they replace no child.
    for (const pid of [...this.#children].flatMap((child) => processTree(child.pid!))) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
    this.#children.clear()
  }

  close(): void {
    this.#forget()
    this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
