import { renameSync, writeFileSync } from 'node:fs'
import { Agent, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { ConfigStatus, ReloadOutcome } from '../../core/control/config-control.ts'
import { type Answer, send } from './client.ts'
import { folder, startWeir, type WeirProcess } from './process.ts'
import { startUpstream, type Upstream } from './upstream.ts'

type Outcome = ReloadOutcome['outcome']

/** A Weir process on files that the test changes. */
export interface Reloadable {
  readonly weir: WeirProcess
  readonly dir: string
  readonly admin: string
  readonly proxy: string
  readonly upstream: Upstream
  write(name: string, text: string): void
  /** Puts the file there whole, by renaming. */
  replace(name: string, text: string): void
  /** Does something that reloads, waits for the end of that, and says how it went. */
  after(change: () => unknown): Promise<Outcome>
  /** Asks an endpoint of version v1. */
  get(name: string, headers?: Record<string, string>): Promise<Answer>
  status(): Promise<ConfigStatus>
  metric(name: string): Promise<number | undefined>
  /** Requests one after the other on a few connections, to an endpoint that is always there. */
  traffic(name: string): { stop(): Promise<{ sent: number; failed: number }> }
}

/** The lines of one endpoint. */
export const entry = (name: string, url: string, more = ''): string =>
  `  - name: ${name}\n    version: v1\n    url: ${url}\n${more}`

/**
 * Starts Weir on these files. In their text `%head%` stands for listeners on free ports, `%up%` for an upstream that answers
 * with its request's path, or as `listener` does.
 */
export async function startReloadable(
  t: Test,
  files: Readonly<Record<string, string>>,
  { listener, args = ['run'] }: { listener?: RequestListener; args?: readonly string[] } = {},
): Promise<Reloadable> {
  const upstream = await startUpstream(listener ?? ((request, response) => void response.end(request.url)))
  t.teardown(() => upstream.close())
  const fill = (text: string): string =>
    text.replaceAll('%head%', 'listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\n').replaceAll('%up%', upstream.url)
  const filled = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, fill(text)]))
  const dir = await folder(t, filled)
  const { weir, proxy, admin } = await startWeir(t, { cwd: dir, args })
  const metrics = async (): Promise<string> => (await send(`${admin}/metrics`)).body
  // Not from the log, which is written in batches.
  const reloads = async (): Promise<Map<string, number>> =>
    new Map(
      [...(await metrics()).matchAll(/^weir_config_reloads_total\{outcome="(\w+)"\} (\d+)$/gm)].map(
        ([, outcome, count]) => [outcome!, Number(count)],
      ),
    )
  const get = (name: string, headers = {}, agent?: Agent): Promise<Answer> =>
    send(`${proxy}/orchestrator/v1/${name}/`, { headers, ...(agent === undefined ? {} : { agent }) })
  return {
    weir,
    dir,
    admin,
    proxy,
    upstream,
    write: (name, text) => writeFileSync(join(dir, name), fill(text)),
    replace: (name, text) => {
      writeFileSync(join(dir, `${name}~`), fill(text))
      renameSync(join(dir, `${name}~`), join(dir, name))
    },
    after: async (change) => {
      const before = await reloads()
      await change()
      const more = (now: ReadonlyMap<string, number>): string[] =>
        [...now].filter(([outcome, count]) => count > (before.get(outcome) ?? 0)).map(([outcome]) => outcome)
      return more(await until(reloads, (now) => more(now).length > 0)).join() as Outcome
    },
    get,
    status: async () => (await send(`${admin}/config/status`)).json() as unknown as ConfigStatus,
    metric: async (name) => {
      const line = (await metrics()).split('\n').find((text) => text.startsWith(`${name} `))
      return line === undefined ? undefined : Number(line.slice(name.length + 1))
    },
    traffic: (name) => {
      let going = true
      t.teardown(() => {
        going = false
      })
      let sent = 0
      let failed = 0
      const agent = new Agent({ keepAlive: true, maxSockets: 4 })
      const one = async (): Promise<void> => {
        while (going) {
          const status = await get(name, {}, agent).then(
            (answer) => answer.status,
            () => 0,
          )
          sent++
          if (status !== 200) failed++
          await sleep(4)
        }
      }
      const all = Promise.all([one(), one(), one(), one()])
      return {
        stop: async () => {
          going = false
          await all
          agent.destroy()
          return { sent, failed }
        },
      }
    },
  }
}

/** Asks until the answer is wanted; fails the test by its own timeout. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (wanted(answer)) return answer
    await sleep(20)
  }
}
