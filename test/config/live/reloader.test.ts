import t from 'tap'
import { ConfigLoader, type LoadedConfig } from '../../../config/live/config-loader.ts'
import { Reloader, type ReloaderParts } from '../../../config/live/reloader.ts'
import { BuildError, ConfigError } from '../../../core/control/config-error.ts'
import type { ConfigInputs, ConfigSource } from '../../../core/control/config-source.ts'
import { Metrics } from '../../../core/observe/metrics.ts'
import { ManualClock } from '../../../core/testing.ts'

/** A source in memory whose reads can be held up. */
class MemorySource implements ConfigSource {
  readonly main = 'weir.yaml'
  text = 'listen: 1\n'
  reads = 0
  hold: Promise<void> | undefined
  watched: ConfigInputs[] = []
  unwatched = 0
  changed = (): void => {}
  unwatchable: Error | undefined
  failed: ((error: Error) => void) | undefined
  deaf = false

  async read(): Promise<Buffer> {
    this.reads++
    await this.hold
    return Buffer.from(this.text)
  }

  expand = async (): Promise<readonly string[]> => []

  async watch(uses: ConfigInputs, changed: () => void, failed?: (error: Error) => void): Promise<() => Promise<void>> {
    if (this.unwatchable !== undefined) throw this.unwatchable
    this.failed = failed
    if (this.deaf) failed?.(new Error('ENOSPC'))
    this.watched.push(uses)
    this.changed = changed
    return async () => void this.unwatched++
  }
}

async function setUp(more: Partial<ReloaderParts> = {}) {
  const source = new MemorySource()
  const loader = new ConfigLoader(source, {})
  const live = await loader.load()
  const applied: LoadedConfig[] = []
  const said: string[] = []
  const say = (_fields: object, message?: string): void => void said.push(message ?? '')
  const log = { trace: say, debug: say, info: say, warn: say, error: say, child: () => log }
  const metrics = new Metrics()
  const reloader = new Reloader({
    source,
    loader,
    live,
    warnings: [],
    apply: async (next) => {
      applied.push(next)
      return []
    },
    filesRead: () => [],
    filesChanged: () => false,
    restartDue: () => [],
    log,
    meter: metrics,
    clock: new ManualClock(),
    ...more,
  })
  await reloader.start()
  const metric = async (name: string): Promise<string | undefined> =>
    new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (.*)$`, 'm').exec(
      Buffer.concat((await metrics.expose()).content).toString(),
    )?.[1]
  return { source, reloader, applied, said, metric }
}

t.test('loads are done one after the other, and who waits is served by the same one', async (t) => {
  const { source, reloader, applied, metric } = await setUp()
  const held = Promise.withResolvers<void>()
  source.hold = held.promise
  source.text = 'listen: 2\n'
  const first = reloader.reload('file')
  await new Promise(setImmediate)
  source.text = 'listen: 4\n'
  const others = [reloader.reload('signal'), reloader.reload('api'), reloader.reload('file')]
  await new Promise(setImmediate)
  t.equal(source.reads, 2, 'one at the start, one under way')
  held.resolve()
  const outcomes = await Promise.all([first, ...others])
  t.equal(source.reads, 3)
  t.strictSame(
    applied.map(({ spec }) => spec.listeners[0]?.port),
    [4],
    'the newest text, once',
  )
  t.strictSame(
    outcomes.map(({ outcome }) => outcome),
    ['applied', 'unchanged', 'unchanged', 'unchanged'],
  )
  t.equal(outcomes[1], outcomes[3])
  t.equal(await metric('weir_config_reloads_total{outcome="unchanged"}'), '1')
})

t.test('what fails is told until something loads, and changes nothing', async (t) => {
  const { source, reloader, applied, said, metric } = await setUp()
  const { version, files } = await reloader.status()
  t.strictSame(files, ['weir.yaml'])
  source.text = 'listen: 1\ndebug: maybe\n'
  t.match(await reloader.reload('api'), { outcome: 'failed', version, problems: [{ line: 2, col: 1, path: 'debug' }] })
  t.match(await reloader.status(), {
    version,
    last_failure: { trigger: 'api', problems: [{ file: 'weir.yaml', line: 2 }] },
  })
  t.equal(await metric('weir_config_last_reload_successful'), '0')
  t.match(said.at(-1), /not reloaded: 1 problem; the previous configuration stays in use/)
  source.text = 'listen: 1 # the same\n'
  const { outcome, version: next } = await reloader.reload('api')
  t.equal(outcome, 'unchanged')
  t.not(next, version)
  t.match(await reloader.status(), { version: next, trigger: 'start', last_failure: null })
  t.equal(await metric('weir_config_last_reload_successful'), '1')
  t.equal(applied.length, 0)
})

t.test('an exception where it is applied is a failure like others', async (t) => {
  const fails = [
    new Error('out of luck'),
    new ConfigError([{ path: ['listen'], message: 'not this one' }]),
    'no error at all',
  ]
  const { source, reloader } = await setUp({
    apply: async () => {
      const next = fails.shift()
      if (next !== undefined) throw next
      return []
    },
  })
  source.text = 'debug: true\nlisten: 2\n'
  t.match(await reloader.reload('file'), { outcome: 'failed', problems: [{ message: 'out of luck', path: '' }] })
  t.match(await reloader.reload('file'), { outcome: 'failed', problems: [{ message: 'not this one', line: 2 }] })
  t.match(await reloader.reload('file'), { outcome: 'failed', problems: [{ message: 'no error at all' }] })
  t.match(await reloader.reload('file'), { outcome: 'applied' })
})

t.test('files that could not be read are watched too', async (t) => {
  const { source, reloader } = await setUp({
    filesRead: () => ['/live.pem'],
    apply: async () => Promise.reject(new BuildError([{ path: [], message: 'no file' }], ['/missing.pem'])),
  })
  t.strictSame(source.watched.at(-1)?.names, ['weir.yaml', '/live.pem'])
  source.text = 'listen: 2\n'
  await reloader.reload('file')
  t.strictSame(source.watched.at(-1)?.names, ['weir.yaml', '/live.pem', '/missing.pem'])
  t.equal(source.unwatched, 1)
  source.text = 'listen: 1\n'
  await reloader.reload('file')
  t.strictSame(source.watched.at(-1)?.names, ['weir.yaml', '/live.pem'])
})

t.test("what can't be watched can still be loaded", async (t) => {
  let count = 0
  const { source, reloader, said } = await setUp({ filesRead: () => [`/file-${++count}`] })
  source.unwatchable = new Error('no more watches')
  source.text = 'listen: 2\n'
  t.match(await reloader.reload('signal'), { outcome: 'applied' })
  t.match(said.at(-1), /can't be watched/)
  t.match(await reloader.reload('signal'), { outcome: 'unchanged' })
  source.unwatchable = undefined
  await reloader.reload('signal')
  t.equal(source.watched.length, 2)
})

t.test('a watch that fails is told once, shows in the status and as a gauge, and is tried again', async (t) => {
  const { source, reloader, said, metric } = await setUp()
  t.strictSame((await reloader.status()).watch, { mode: 'events', error: null })
  t.equal(await metric('weir_config_watch_up'), '1')
  source.deaf = true
  source.failed!(new Error('EMFILE'))
  t.strictSame((await reloader.status()).watch, { mode: 'polling', error: 'EMFILE' })
  t.equal(await metric('weir_config_watch_up'), '0')
  await reloader.reload('file')
  await reloader.reload('file')
  t.strictSame((await reloader.status()).watch, { mode: 'polling', error: 'ENOSPC' }, 'tried again, in vain')
  t.equal(said.filter((line) => /can't be watched.*compared every few seconds.*raise fs.inotify/.test(line)).length, 1)
  source.deaf = false
  await reloader.reload('file')
  t.strictSame((await reloader.status()).watch, { mode: 'events', error: null })
  t.equal(await metric('weir_config_watch_up'), '1')
  t.ok(said.includes('the configuration is watched again'))
  t.equal(source.unwatched, source.watched.length - 1, 'the earlier ones have ended')
})

t.test('an edit back to the running text after a failed load clears the failure', async (t) => {
  const { source, reloader, applied, metric } = await setUp()
  const { text } = source
  const { version, trigger } = await reloader.status()
  source.text = 'listen: 1\ndebug: maybe\n'
  t.match(await reloader.reload('file'), { outcome: 'failed' })
  t.not((await reloader.status()).last_failure, null)
  source.text = text
  t.match(await reloader.reload('file'), { outcome: 'unchanged', version, problems: [] })
  t.match(await reloader.status(), { version, trigger, last_failure: null })
  t.equal(await metric('weir_config_last_reload_successful'), '1')
  // The same where nobody reloads, but a change at run time looks first whether the files have changed.
  source.text = 'listen: 1\ndebug: maybe\n'
  await reloader.reload('file')
  source.text = text
  t.match(await reloader.enqueue(() => reloader.loadChanges()), { outcome: 'unchanged' })
  t.equal((await reloader.status()).last_failure, null)
  t.equal(await metric('weir_config_last_reload_successful'), '1')
  t.equal(applied.length, 0)
})

t.test('a change of a file that filters read is a change', async (t) => {
  let rotated = false
  const { reloader, applied } = await setUp({ filesChanged: () => rotated })
  t.match(await reloader.reload('file'), { outcome: 'unchanged' })
  rotated = true
  t.match(await reloader.reload('file'), { outcome: 'applied' })
  t.equal(applied.length, 1)
})

t.test('warnings stay, at the lines where they stand now', async (t) => {
  const warning = { path: ['listen'], message: 'unwise' }
  const { source, reloader } = await setUp({ warnings: [warning], apply: async () => [warning] })
  const lines = async (): Promise<unknown[]> =>
    (await reloader.status()).warnings.filter(({ message }) => message === 'unwise').map(({ line }) => line)
  t.strictSame(await lines(), [1])
  source.text = '# a comment\nlisten: 1\n'
  t.match(await reloader.reload('file'), { outcome: 'unchanged' })
  t.strictSame(await lines(), [2])
  source.text = '# two\n# lines\nlisten: 2\n'
  t.match(await reloader.reload('file'), { outcome: 'applied' })
  t.strictSame(await lines(), [3])
})

t.test('after its end nothing is loaded, and nothing watched', async (t) => {
  const { source, reloader, applied } = await setUp()
  source.text = 'listen: 2\n'
  const last = reloader.reload('file')
  await reloader.stop()
  t.match(await last, { outcome: 'failed' })
  t.match(await reloader.reload('api'), { outcome: 'failed', problems: [{ message: /stopping/ }] })
  t.equal(applied.length, 0)
  t.equal(source.unwatched, source.watched.length)
})

t.test('an edit first loads what others have changed, if anything', async (t) => {
  const { source, reloader, applied, said } = await setUp()
  const loadChanges = () => reloader.enqueue(() => reloader.loadChanges())
  t.equal(await loadChanges(), undefined)
  t.strictSame(said, [], 'nothing is said of nothing')
  source.text = 'listen: 2\n'
  t.match(await loadChanges(), { outcome: 'applied' })
  t.match(said, [/^configuration reloaded$/])
  source.text = 'listen: 2 # the same\n'
  t.match(await loadChanges(), { outcome: 'unchanged' }, 'its places are others')
  source.text = 'debug: maybe\n'
  t.match(await loadChanges(), { outcome: 'failed' })
  t.match(await loadChanges(), { outcome: 'failed' }, 'again: nobody has mended it')
  source.text = 'listen: 2 # the same\n'
  t.match(await loadChanges(), { outcome: 'unchanged' })
  t.equal(await loadChanges(), undefined)
  t.equal(applied.length, 1)
})

t.test('an edited configuration is committed once, whether it changes anything or not', async (t) => {
  const commits: string[] = []
  const { source, reloader, said } = await setUp({
    apply: async (_next, _live, _trigger, commit) => {
      await commit?.()
      return [{ path: ['listen'], message: 'unwise' }]
    },
  })
  const applyText = async (text: string): ReturnType<Reloader['applyLoaded']> => {
    source.text = text
    const next = await new ConfigLoader(source, {}).load()
    return reloader.enqueue(() => reloader.applyLoaded(next, async () => void commits.push(text)))
  }
  t.match(await applyText('listen: 2\n'), { outcome: 'applied', warnings: [{}, { line: 1, message: 'unwise' }] })
  t.match(said, [/^configuration reloaded$/, /^there are no endpoints/, /^unwise$/])
  t.match(await applyText('\nlisten: 2\n'), { outcome: 'unchanged', warnings: [{}, { line: 2, message: 'unwise' }] })
  t.match(said.at(-1), /nothing has changed/)
  t.strictSame(commits, ['listen: 2\n', '\nlisten: 2\n'])
  t.equal(reloader.live.spec.listeners[0]?.port, 2)
})
