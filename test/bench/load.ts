// One run of load on one program: wrk, or a load generator of this folder.
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { token } from './jwt.ts'
import { cpuSeconds } from './process-tree.ts'
import type { Program, Sandbox } from './sandbox.ts'
import type { Sample } from './statistics.ts'

export interface Load {
  /** `closed`: the next request follows the response. `fixed`: at a fixed rate. `websocket`: messages, each after the echo of the last. */
  readonly kind: 'closed' | 'fixed' | 'websocket'
  readonly connections: number
  readonly path: string
  readonly method?: 'GET' | 'POST'
  /** Bytes of the request's body. */
  readonly body?: number
  /** Fields besides those of a browser. */
  readonly headers?: Readonly<Record<string, string>>
  /** With a token of `jwt.ts`. */
  readonly token?: boolean
}

export interface Run {
  readonly seconds: number
  readonly core: number | undefined
  /** For `fixed`: requests per second. Without it the load is `closed`. */
  readonly rate?: number | undefined
  /** Number of endpoints that the requests are spread over; the path then has `%d` where the number stands. */
  readonly endpoints?: number | undefined
}

/** What a load generator prints. */
interface Result {
  readonly requests: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  readonly failed: number
}

export const HEADERS: Readonly<Record<string, string>> = {
  Accept: 'application/json',
  'Accept-Encoding': 'gzip, deflate, br',
  'Accept-Language': 'en-GB,en;q=0.9',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  Cookie: 'session=0123456789abcdef0123456789abcdef; theme=dark',
  'Cache-Control': 'no-cache',
}

/** All fields of its requests. */
export const fieldsOf = (load: Load): Readonly<Record<string, string>> => ({
  ...HEADERS,
  ...load.headers,
  ...(load.token === true && { Authorization: `Bearer ${token()}` }),
})

async function wrk(sandbox: Sandbox, url: string, load: Load, run: Run): Promise<Result> {
  const fields = Object.entries(fieldsOf(load)).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  // wrk counts whole seconds; on SIGINT it stops earlier and reports all the same.
  const whole = Math.ceil(run.seconds)
  const limits = ['-t1', `-c${load.connections}`, `-d${whole}s`, '--timeout', '10s']
  const script = ['-s', join(import.meta.dirname, 'wrk.lua')]
  const sent = [load.method ?? 'GET', String(load.body ?? 0), String(run.endpoints ?? 0), load.path]
  const path = load.path.replace('%d', '0')
  const out = await sandbox.run(
    { command: ['wrk', ...limits, ...script, ...fields, `${url}${path}`, ...sent] },
    run.core,
    whole === run.seconds ? undefined : run.seconds * 1000,
  )
  return JSON.parse(/^JSON (.*)$/m.exec(out)![1]!) as Result
}

/** A generator of this folder: the configuration as JSON, the result as JSON. */
async function own(sandbox: Sandbox, file: string, url: string, load: Load, run: Run): Promise<Result> {
  const options = { url, ...load, ...run, headers: fieldsOf(load) }
  const command = [process.execPath, join(import.meta.dirname, file), JSON.stringify(options)] as const
  return JSON.parse(await sandbox.run({ command }, run.core)) as Result
}

const GENERATORS = {
  closed: wrk,
  fixed: (sandbox: Sandbox, url: string, load: Load, run: Run) => own(sandbox, 'fixed-rate.ts', url, load, run),
  websocket: (sandbox: Sandbox, url: string, load: Load, run: Run) => own(sandbox, 'websocket-load.ts', url, load, run),
}

/** Puts load on the program, with an empty log. Throws when a request fails. */
export async function measure(sandbox: Sandbox, program: Program, load: Load, run: Run): Promise<Sample> {
  // A virtual machine fetches memory that it has never used from its host, which is no cost of the gateway.
  truncateSync(program.log)
  const kind = load.kind === 'fixed' && run.rate === undefined ? 'closed' : load.kind
  const before = cpuSeconds(program.pid)
  const { requests, seconds, p50, p99, failed } = await GENERATORS[kind](sandbox, program.url, load, run)
  const cpu = cpuSeconds(program.pid) - before
  if (failed > 0 || requests === 0) throw new Error(`${program.name}: ${failed} requests failed, ${requests} succeeded`)
  return { cpu: (cpu / requests) * 1e6, rate: requests / seconds, p50, p99 }
}
