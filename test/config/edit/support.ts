import { EndpointEditor } from '../../../config/edit/editor.ts'
import { MemoryChanges } from '../../../config/edit/memory-changes.ts'
import { ConfigLoader } from '../../../config/live/config-loader.ts'
import { Reloader } from '../../../config/live/reloader.ts'
import type { Problem } from '../../../core/control/config-error.ts'
import type { ConfigSource } from '../../../core/control/config-source.ts'
import { Metrics } from '../../../core/observe/metrics.ts'
import { EndpointRegistry } from '../../../core/state/registry.ts'
import { ManualClock } from '../../../core/testing.ts'

/** Documents in memory. */
export class Documents implements ConfigSource {
  readonly main = 'weir.yaml'
  readonly texts: Map<string, string>
  /** What others do right before something is written. */
  before: (() => void) | undefined
  failure: Error | undefined

  constructor(texts: Readonly<Record<string, string>>) {
    this.texts = new Map(Object.entries(texts))
  }

  read = async (name: string): Promise<Buffer> => Buffer.from(this.texts.get(name) ?? '')
  expand = async (): Promise<readonly string[]> => [...this.texts.keys()].filter((name) => name !== this.main)
  watch = async (): Promise<() => Promise<void>> => async () => {}
  write = async (name: string, bytes: Buffer, before: Buffer): Promise<boolean> => {
    this.before?.()
    this.before = undefined
    if (this.failure !== undefined) throw this.failure
    if (this.texts.get(name) !== before.toString()) return false
    this.texts.set(name, bytes.toString())
    return true
  }
}

/** @param more.files that filters have read, by absolute path */
export async function setUp(
  texts: Readonly<Record<string, string>>,
  more: { fail?: () => void; files?: readonly string[] } = {},
) {
  const source = new Documents(texts)
  const clock = new ManualClock()
  const say = (): void => {}
  const log = { trace: say, debug: say, info: say, warn: say, error: say, child: () => log }
  const meter = new Metrics()
  let reloader: Reloader | undefined
  const loader = new MemoryChanges(new ConfigLoader(source, { SECRET: 'hidden' }), () => reloader?.live)
  const live = await loader.load()
  const registry = new EndpointRegistry(clock, log)
  const sync = (spec = live.spec): void => registry.sync(spec.endpoints.map(({ endpoint }) => endpoint))
  sync()
  const apply = async (
    { spec }: typeof live,
    _: unknown,
    _trigger: unknown,
    commit?: () => Promise<void>,
  ): Promise<Problem[]> => {
    await commit?.()
    more.fail?.()
    sync(spec)
    return []
  }
  const parts = { source, loader, log, meter, clock }
  const none = { filesRead: () => [], filesChanged: () => false, restartDue: () => [], warnings: [] }
  const made = new Reloader({ ...parts, ...none, live, apply })
  reloader = made
  return {
    source,
    loader,
    reloader: made,
    editor: new EndpointEditor({
      ...parts,
      reloader: () => made,
      registry: () => registry,
      files: () => more.files ?? [],
      operateBreakers: async () => undefined,
    }),
  }
}
