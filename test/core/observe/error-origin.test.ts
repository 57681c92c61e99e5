import { pathToFileURL } from 'node:url'
import t from 'tap'
import { filterOf, rememberOrigin } from '../../../core/observe/error-origin.ts'
import { HOSTILE } from '../../support/hostile.ts'

/** An error whose stack has these frames, innermost first. */
function errorAt(...frames: string[]): Error {
  const error = new Error('broken')
  error.stack = `Error: broken\n${frames.map((frame) => `    at ${frame}`).join('\n')}`
  return error
}

t.test('a filter of this package, by its folder', async (t) => {
  t.equal(filterOf(errorAt('run (/srv/weir/filters/body-limit/filter.ts:12:5)')), 'body-limit')
  t.equal(filterOf(errorAt('/srv/weir/dist/filters/auth/keys.js:1:1')), 'auth')
  t.equal(filterOf(errorAt('C:\\weir\\filters\\auth\\keys.js:1:1')), 'auth')
  t.equal(filterOf(errorAt('run (file:///srv/weir/filters/retry/filter.ts:1:1)')), 'retry')
})

t.test('a plugin, by the file that was loaded', async (t) => {
  rememberOrigin('file:///srv/plugins/tenant.mjs', ['tenant'])
  rememberOrigin('file:///srv/my%20plugins/spaced.mjs', ['spaced'])
  t.equal(filterOf(errorAt('request (file:///srv/plugins/tenant.mjs:3:9)')), 'tenant')
  t.equal(filterOf(errorAt('request (/srv/plugins/tenant.mjs:3:9)')), 'tenant')
  t.equal(filterOf(errorAt('/srv/my plugins/spaced.mjs:3:9')), 'spaced')
  t.equal(filterOf(errorAt(`a (${pathToFileURL('/srv/my plugins/spaced.mjs').href}:3:9)`)), 'spaced')
  t.equal(filterOf(errorAt('/srv/plugins/tenant.mjs.bak:3:9')), undefined)
})

t.test('the innermost frame of a filter decides', async (t) => {
  rememberOrigin('file:///srv/plugins/outer.mjs', ['outer'])
  const frames = ['parse (/srv/node_modules/lib/index.js:1:1)', 'b (/srv/weir/filters/auth/filter.ts:1:1)']
  t.equal(filterOf(errorAt(...frames, 'c (/srv/plugins/outer.mjs:1:1)')), 'auth')
})

t.test('a module that exports several filters does not say which', async (t) => {
  rememberOrigin('file:///srv/plugins/both.mjs', ['one', 'two'])
  t.equal(filterOf(errorAt('/srv/plugins/both.mjs:1:1')), undefined)
  rememberOrigin('https://plugins.test/remote.mjs', ['remote'])
  t.equal(filterOf(errorAt('https://plugins.test/remote.mjs:1:1')), undefined, 'only files are known')
})

t.test('errors of no filter, and what is no error', async (t) => {
  t.equal(filterOf(errorAt('run (/srv/weir/core/chain/chain-runner.ts:1:1)')), undefined)
  t.equal(filterOf(errorAt('run (/srv/filters/filter.ts:1:1)')), undefined, 'no folder of a filter')
  for (const value of [undefined, null, 'text', { stack: '/filters/auth/filter.ts:1:1' }])
    t.equal(filterOf(value), undefined)
  const without = new Error('no stack')
  delete (without as { stack?: string }).stack
  t.equal(filterOf(without), undefined)
  const deep = Array.from({ length: 40 }, () => 'f (/srv/node_modules/lib/index.js:1:1)')
  t.equal(filterOf(errorAt(...deep, '/srv/weir/filters/auth/filter.ts:1:1')), undefined, 'only the first frames count')
})

t.test('nothing makes it throw', async (t) => {
  for (const [what, value] of Object.entries(HOSTILE)) t.doesNotThrow(() => filterOf(value), what)
})

t.test('a message of any length does not hide the frames, and is not taken for one', async (t) => {
  const at = '    at run (/srv/weir/filters/auth/filter.ts:1:1)'
  for (const message of [
    'm'.repeat(5_000_000),
    'line\n'.repeat(1_000_000),
    '    at /filters/retry/filter.ts:1:1\n'.repeat(40),
  ]) {
    const error = new Error(message)
    error.stack = `Error: ${message}\n${at}`
    t.equal(filterOf(error), 'auth', message.slice(0, 10))
  }
  const empty = new Error('')
  empty.stack = `Error\n${at}`
  t.equal(filterOf(empty), 'auth')
  const changed = errorAt('run (/srv/weir/filters/auth/filter.ts:1:1)')
  changed.message = 'another'
  t.equal(filterOf(changed), 'auth')
})

t.test('its time is bounded', async (t) => {
  const error = new Error('other')
  error.stack = `Error: ${'m\n'.repeat(2_500_000)}`
  const before = process.cpuUsage()
  for (let i = 0; i < 100; i++) filterOf(error)
  const { user } = process.cpuUsage(before)
  t.ok(user < 500_000, `${user / 100} µs each`)
})
