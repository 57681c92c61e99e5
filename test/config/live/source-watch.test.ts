import t from 'tap'
import { SourceWatch } from '../../../config/live/source-watch.ts'
import type { ConfigInputs, ConfigSource } from '../../../core/control/config-source.ts'
import { RecordingLogger } from '../../../core/testing.ts'

const files = (...names: string[]): ConfigInputs => ({ names, patterns: [] })

/** A watch of a source that does what the test says. */
function setUp() {
  const calls: string[] = []
  const failed: ((error: Error) => void)[] = []
  let unwatchable: unknown
  const source: ConfigSource = {
    main: 'weir.yaml',
    read: async () => Buffer.alloc(0),
    expand: async () => [],
    watch: async ({ names }, _changed, fail) => {
      if (unwatchable !== undefined) throw unwatchable
      calls.push(`watch ${names}`)
      failed.push(fail!)
      return async () => void calls.push(`unwatch ${names}`)
    },
  }
  const log = new RecordingLogger()
  const watch = new SourceWatch(source, () => {}, log)
  const fail = (error: unknown): void => {
    unwatchable = error
  }
  return { watch, calls, failed, log, fail }
}

t.test('other files are watched before the earlier ones are left, and the same ones once', async (t) => {
  const { watch, calls } = setUp()
  t.strictSame(watch.state, { mode: 'off', error: null })
  await watch.update(files('a'))
  await watch.update(files('a'))
  t.strictSame(calls, ['watch a'])
  t.strictSame(watch.state, { mode: 'events', error: null })
  await watch.update(files('a', 'b'))
  t.strictSame(calls.splice(1), ['watch a,b', 'unwatch a'])
  await watch.close()
  t.strictSame(calls.splice(1), ['unwatch a,b'])
})

t.test('the end of a watch that never began', async (t) => {
  const { watch, calls } = setUp()
  await watch.close()
  t.strictSame(calls, [])
})

t.test('a watch that fails is tried again, even for the same files, and said once until it works', async (t) => {
  const { watch, calls, failed, log } = setUp()
  await watch.update(files('a'))
  failed[0]!(new Error('ENOSPC'))
  failed[0]!(new Error('again'))
  t.strictSame(watch.state, { mode: 'polling', error: 'again' })
  t.match(log.lines, [{ level: 'warn', fields: { err: { message: 'ENOSPC' } }, message: /compared every few seconds/ }])
  t.equal(log.lines.length, 1)
  await watch.update(files('a'))
  t.strictSame(calls, ['watch a', 'watch a', 'unwatch a'])
  t.strictSame(watch.state, { mode: 'events', error: null })
  t.match(log.lines[1], { level: 'info', message: 'the configuration is watched again' })
  t.equal(log.lines.length, 2)
  failed[0]!(new Error('late'))
  t.strictSame(watch.state, { mode: 'events', error: null }, 'an earlier watch counts no more')
  await watch.close()
  for (const fail of failed) fail(new Error('later'))
  t.equal(log.lines.length, 2, 'nor does any after the end')
})

t.test('where a source can not watch, the earlier watch stays', async (t) => {
  const { watch, calls, log, fail } = setUp()
  await watch.update(files('a'))
  for (const error of [new Error('no'), 'text']) {
    fail(error)
    await watch.update(files('b'))
    t.strictSame(watch.state, { mode: 'off', error: error instanceof Error ? 'no' : 'text' })
  }
  t.match(log.lines, [{ level: 'warn', message: /loaded again on SIGHUP and on request only/ }])
  t.equal(log.lines.length, 1)
  t.strictSame(calls, ['watch a'])
  fail(undefined)
  await watch.update(files('a'))
  t.strictSame(watch.state, { mode: 'events', error: null })
})
