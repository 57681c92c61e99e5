// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like this
import fc from 'fast-check'
import t from 'tap'
import { DEFAULT_CONFIG } from '../../../config/commands/default-file.ts'
import { LocatedConfigError } from '../../../config/document/located-config-error.ts'
import { parseConfig } from '../../../config/live/config-loader.ts'
import { documentShape } from '../../../config/schema/document-schema.ts'
import { endpointShape } from '../../../config/schema/endpoint-shape.ts'
import { parse } from '../support.ts'

const FULL = `${DEFAULT_CONFIG}
circuit_breaker: &cb { failure_threshold: 5 }
tracing: { enabled: true, sample_ratio: 0.1 }
shutdown: { timeout: "\${T:-30s}" }
trusted_proxies: [10.0.0.0/8]
`

/** Loads, or fails with the one error that callers expect, formatted. */
function loads(text: string): boolean {
  try {
    parseConfig(text, { file: 'weir.yaml', env: { T: '5s' } })
  } catch (error) {
    if (!(error instanceof LocatedConfigError)) throw error
    return error.problems.length > 0 && error.message.startsWith('weir.yaml')
  }
  return true
}

t.test('no mangled text makes loading fail in another way', async (t) => {
  t.ok(loads(FULL))
  const edit = fc.record({
    at: fc.nat(FULL.length),
    cut: fc.nat(40),
    put: fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom(
        '\t',
        '\n',
        ': ',
        '- ',
        '&a ',
        '*cb',
        '*a',
        '${',
        '}',
        '[',
        '{',
        '"',
        "'",
        '|',
        '!!set ',
        '---\n',
        '~',
        '\0',
      ),
    ),
  })
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) =>
      loads(edits.reduce((text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut), FULL)),
    ),
    { numRuns: 400 },
  )
})

t.test('no value anywhere makes loading fail in another way', async (t) => {
  const value = fc.oneof(
    fc.constantFrom('off', false, null, 'http://h', '/a', '${X}', 'bearer', 8000, 'proxy', '10.0.0.0/8', '30s', -1),
    fc.jsonValue({ maxDepth: 3 }),
  )
  const key = fc.constantFrom(
    ...Object.keys(endpointShape),
    'auth',
    'proxy',
    'listen',
    'enabled',
    '__proto__',
    'constructor',
  )
  const map = fc.dictionary(key, value, { maxKeys: 6 })
  const anything = fc.oneof(value, map, fc.array(fc.oneof(value, map), { maxLength: 4 }))
  const document = fc.dictionary(fc.constantFrom(...Object.keys(documentShape)), anything, { maxKeys: 8 })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(document, (doc) => loads(JSON.stringify(doc))),
      { numRuns: 400 },
    ),
  )
})

t.test('ten thousand endpoints load in about linear time', async (t) => {
  const load = (count: number): number => {
    const one = (i: number): string =>
      `  - { name: e${i}, version: v1, url: "http://h${i}/x", methods: [GET], auth_type: bearer, timeout: 30, filters: { breaker: { a: ${i} } } }\n`
    const text = `endpoints:\n${Array.from({ length: count }, (_, i) => one(i)).join('')}`
    const start = performance.now()
    t.equal(parse(text).spec.endpoints.length, count)
    return performance.now() - start
  }
  load(500)
  const small = load(1000)
  const large = load(10_000)
  t.ok(large < small * 60 + 2000, `${small.toFixed()} ms for 1000, ${large.toFixed()} ms for 10,000`)
})

t.test('fifty thousand problems are reported in a few seconds', async (t) => {
  const start = performance.now()
  t.ok(loads(Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join('\n')))
  t.ok(performance.now() - start < 20_000)
})
