import t from 'tap'
import { changedEndpoints } from '../../../config/live/changed-endpoints.ts'
import { parseConfig } from '../../../config/live/config-loader.ts'

const specOf = (text: string) => parseConfig(text, { file: 'weir.yaml', env: {} }).spec

const list = (...entries: string[]): string => `endpoints:\n${entries.map((entry) => `  - { ${entry} }\n`).join('')}`

t.test('what an entry means counts, not where it stands', async (t) => {
  const old = specOf(list('name: a, url: http://a', 'name: b, url: http://b', 'name: c, url: http://c'))
  const next = specOf(
    `# moved\n${list('name: d, url: http://d', 'url: "http://c", name: c', 'name: b, url: http://b, filters: { breaker: { failure_threshold: 9 } }')}`,
  )
  t.strictSame(await changedEndpoints(old, next), { added: ['d'], removed: ['a'], changed: ['b'] })
  t.strictSame(await changedEndpoints(old, old), { added: [], removed: [], changed: [] })
})

t.test('a filter that is turned off, and a target, are changes', async (t) => {
  const old = specOf(list('name: a, url: http://a', 'name: b, url: http://b'))
  const next = specOf(list('name: a, url: http://a, filters: { breaker: off }', 'name: b, url: http://b2'))
  t.strictSame((await changedEndpoints(old, next)).changed, ['a', 'b'])
})
