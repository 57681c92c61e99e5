import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What `npx weir` starts. */
export const LAUNCH = fileURLToPath(new URL('../../core/launch.js', import.meta.url))

/** A line of the log. */
export type LogLine = Readonly<Record<string, unknown>>

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

const DEADLINE_MS = 60_000
/** The tests of processes run with one process and with workers. */
const { WEIR_WORKERS } = process.env
const WORKERS = WEIR_WORKERS === undefined ? {} : { WEIR_WORKERS }

interface Cleaner {
  teardown(fn: () => unknown): unknown
}

/** A folder of its own with these files in it, removed when the test is over. Gives its real path. */
export async function folder(t: Cleaner, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'weir-e2e-')))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), text)
  }
  return dir
}

/** A configuration on free ports. `rest` is YAML of further top-level keys. */
export function yamlFor(url: string, rest = ''): string {
  return `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
endpoints:
  - { name: up, version: v1, url: "${url}" }
${rest}`
}

export interface StartOptions {
  readonly cwd: string
  readonly args?: readonly string[]
  /** Variables beside `PATH`: nothing else of the test's environment reaches the process. */
  readonly env?: Readonly<Record<string, string>>
  /** What to start: this checkout by default. */
  readonly program?: readonly [file: string, ...args: string[]]
}

/** A process that runs Weir's command line. */
export class WeirProcess {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly lines: LogLine[] = []
  /** Resolves when the process is gone and its output read. */
  readonly exited: Promise<Exit>
  #rest = ''
  #gone = false
  readonly #watchers = new Set<() => void>()

  constructor(options: StartOptions) {
    const [program, ...first] = options.program ?? [process.execPath, LAUNCH]
    this.child = spawn(program, [...first, ...(options.args ?? ['run'])], {
      cwd: options.cwd,
      env: { PATH: process.env.PATH ?? '', ...WORKERS, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.exited = once(this.child, 'close').then(([code, signal]) => {
      this.#gone = true
      for (const look of [...this.#watchers]) look()
      return { code, signal, stdout: this.stdout, stderr: this.stderr } as Exit
    })
  }

  /** The first line, of those there are and those to come, that `wanted` accepts. Rejects when the process ends first. */
  line(wanted: (line: LogLine) => boolean): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        done()
        reject(new Error(`${why}\n${this.stdout}${this.stderr}`))
      }
      const timer = setTimeout(() => fail(`no such line within ${DEADLINE_MS} ms`), DEADLINE_MS)
      const done = (): void => {
        clearTimeout(timer)
        this.#watchers.delete(look)
      }
      const look = (): void => {
        const found = this.lines.find(wanted)
        if (found !== undefined) {
          done()
          resolve(found)
        } else if (this.#gone) fail('the process ended first')
      }
      this.#watchers.add(look)
      look()
    })
  }

  /** Base URL of a listener, once it is open. */
  async url(listener: 'proxy' | 'admin' = 'proxy'): Promise<string> {
    const { port } = await this.line((line) => line.listener === listener && 'port' in line)
    return `http://127.0.0.1:${port}`
  }

  /** Access lines so far. */
  get access(): readonly LogLine[] {
    return this.lines.filter((line) => 'duration_ms' in line)
  }

  /** Sends the signal and waits for the end. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.child.kill(signal)
    return this.exited
  }

  #take(text: string): void {
    this.stdout += text
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('{')) this.lines.push(JSON.parse(line) as LogLine)
    for (const look of [...this.#watchers]) look()
  }
}

/** Starts Weir; killed when the test is over if it still runs then. */
export function spawnWeir(t: Cleaner, options: StartOptions): WeirProcess {
  const weir = new WeirProcess(options)
  t.teardown(() => weir.stop('SIGKILL'))
  return weir
}

/** Starts `run` and resolves when both listeners are open. */
export async function startWeir(
  t: Cleaner,
  options: StartOptions,
): Promise<{ weir: WeirProcess; proxy: string; admin: string }> {
  const weir = spawnWeir(t, options)
  return { weir, proxy: await weir.url('proxy'), admin: await weir.url('admin') }
}

/** Runs a command that ends by itself. One that doesn't is killed, and its exit has a signal. */
export async function weirCommand(t: Cleaner, options: StartOptions): Promise<Exit> {
  const weir = spawnWeir(t, options)
  const timer = setTimeout(() => weir.child.kill('SIGKILL'), DEADLINE_MS)
  const exit = await weir.exited
  clearTimeout(timer)
  return exit
}
