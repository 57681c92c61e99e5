// Workers in the process of the test, over paired channels: everything of theirs but a gateway is real.
import { BuildError } from '../../../core/control/config-error.ts'
import { type Channel, pairedChannels } from '../../../core/fleet/channel.ts'
import type { SpawnedWorker } from '../../../core/fleet/member.ts'
import type { FileBytes, Load, Prepared, Question, ToPrimary, ToWorker } from '../../../core/fleet/messages.ts'
import { type Served, WorkerEnd } from '../../../core/fleet/worker-end.ts'

/** Settings of a fake configuration, which say what becomes of it. */
export interface FakeSettings {
  readonly name: string
  /** Numbers of workers that refuse it. */
  readonly refusing?: readonly number[]
  /** Numbers of workers that end while they build it; their successors do not. */
  readonly ending?: readonly number[]
  /** Every worker ends that builds it. */
  readonly deadly?: boolean
}

export class FakeWorker implements Served<FakeSettings> {
  readonly number: number
  live: string | undefined
  building: string | undefined
  files: FileBytes = new Map()
  opened = false
  draining = false
  readonly channel: Channel<ToPrimary, ToWorker<FakeSettings>>
  readonly spawned: SpawnedWorker<FakeSettings>
  end: (how: string) => void = () => {}

  constructor(number: number, deliver?: (to: 'first' | 'second', delivery: () => void) => void) {
    this.number = number
    const [ours, theirs] = pairedChannels<ToPrimary, ToWorker<FakeSettings>>(deliver)
    this.channel = ours
    const ended = new Promise<string>((resolve) => {
      this.end = (how) => {
        theirs.close()
        resolve(how)
      }
    })
    this.spawned = { channel: ours, ended, kill: () => this.end('SIGKILL') }
    new WorkerEnd(theirs, this, {
      beatMs: 1000,
      ended: () => this.end('exit code 0'),
      exit: () => this.end('exit code 1'),
      orphanMs: () => 0,
      onError: (error) => {
        throw error
      },
    })
  }

  async load(
    { settings }: { readonly settings: FakeSettings },
    files: FileBytes,
    commit: (prepared: Prepared) => Promise<void>,
  ): Promise<void> {
    this.building = settings.name
    this.files = files
    await new Promise(setImmediate)
    if (settings.deadly || (settings.ending?.includes(this.number) && !hasEnded(settings.name, this.number)))
      this.end('exit code 7')
    if (settings.refusing?.includes(this.number))
      throw new BuildError([{ path: ['x'], message: `${this.number} refuses` }], ['/missing'])
    const path = `/${settings.name}`
    const read = files.size > 0 ? new Map<string, Uint8Array>() : new Map([[path, Buffer.from(`by ${this.number}`)]])
    const code = new Map([['./p.js', new Map([[`/p of ${settings.name}`, `${this.number}`]])]])
    await commit({ warnings: [], files: new Map([[path, 'digest']]), read, code })
    this.live = settings.name
  }

  async open(): Promise<void> {
    if (unopenable.has(this.building!)) throw new Error('the address is in use')
    this.opened = true
  }

  async answer({ kind }: Question): Promise<unknown> {
    return kind === 'activity' ? new Promise(() => {}) : `${kind} ${this.number}`
  }

  take(): void {}

  permits(): void {}

  orphaned(): void {}

  taken(): void {}

  drain(): void {
    this.draining = true
  }

  async stop(): Promise<boolean> {
    this.opened = false
    return true
  }
}

/** Names of configurations that no worker can open. */
export const unopenable = new Set<string>()

const ends = new Set<string>()

function hasEnded(name: string, number: number): boolean {
  const key = `${name} ${number}`
  if (ends.has(key)) return true
  ends.add(key)
  return false
}

let loads = 0

export const load = (name: string, more: Omit<FakeSettings, 'name'> = {}): Load<FakeSettings> => ({
  id: ++loads,
  spec: { listeners: [], endpoints: [] },
  settings: { name, ...more },
})
