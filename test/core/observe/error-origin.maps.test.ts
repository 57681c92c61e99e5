import { setSourceMapsSupport } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { filterOf, rememberOrigin } from '../../../core/observe/error-origin.ts'
import { folder } from '../../support/process.ts'

const MAP = { version: 3, sources: ['../src/main.ts'], names: [], mappings: 'AAEA,OAAO' }

setSourceMapsSupport(true, { nodeModules: true })

/** Imports `main.js` of a package and gives what its `fail()` throws. */
async function thrownBy(dir: string): Promise<unknown> {
  const { href } = pathToFileURL(join(dir, 'node_modules/p/dist/main.js'))
  const { fail } = (await import(href)) as { fail(): never }
  rememberOrigin(href, ['p'])
  try {
    return fail()
  } catch (error) {
    return error
  }
}

t.test('the stack of an error leads to the filter of its module', async (t) => {
  const code = "export function fail() { throw new Error('no luck') }\n"
  const dir = await folder(t, {
    'node_modules/p/dist/main.js': code,
    'node_modules/p/package.json': '{"type":"module"}',
  })
  t.equal(filterOf(await thrownBy(dir)), 'p')
  t.equal(filterOf(new Error('of the test')), undefined)
  t.equal(filterOf('no error'), undefined)
})

t.test('so does one that a source map leads to what the module was compiled from', async (t) => {
  const code = "export function fail() { throw new Error('no luck') }\n//# sourceMappingURL=main.js.map\n"
  const dir = await folder(t, {
    'node_modules/p/dist/main.js': code,
    'node_modules/p/dist/main.js.map': JSON.stringify(MAP),
    'node_modules/p/package.json': '{"type":"module"}',
  })
  const error = (await thrownBy(dir)) as Error
  t.match(error.stack, /p\/src\/main\.ts:3:/)
  t.equal(filterOf(error), 'p')
})

t.test('a source map with mistakes changes nothing', async (t) => {
  const code = "export function fail() { throw new Error('no luck') }\n//# sourceMappingURL=main.js.map\n"
  for (const sources of [['http://[', null, 7], 'main.ts', { length: 1 }]) {
    const dir = await folder(t, {
      'node_modules/p/dist/main.js': code,
      'node_modules/p/dist/main.js.map': JSON.stringify({ ...MAP, sources, mappings: '' }),
      'node_modules/p/package.json': '{"type":"module"}',
    })
    t.equal(filterOf(await thrownBy(dir)), 'p', JSON.stringify(sources))
  }
})
