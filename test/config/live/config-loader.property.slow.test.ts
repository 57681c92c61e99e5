import fc from 'fast-check'
import t from 'tap'
import { DEFAULT_CONFIG } from '../../../config/commands/default-file.ts'
import { LocatedConfigError } from '../../../config/document/located-config-error.ts'
import { ConfigLoader } from '../../../config/live/config-loader.ts'
import { ConfigError } from '../../../core/control/config-error.ts'
import type { ConfigSource } from '../../../core/control/config-source.ts'
import type { GatewaySpec } from '../../../core/control/gateway-spec.ts'
import { startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'

/** Documents by name; those that are not there are empty. */
class Documents implements ConfigSource {
  readonly main = 'weir.yaml'
  texts: Readonly<Record<string, string>> = {}
  read = async (name: string): Promise<Buffer> => Buffer.from(this.texts[name] ?? '')
  expand = async (pattern: string): Promise<readonly string[]> =>
    pattern.includes('*') ? Object.keys(this.texts).filter((name) => name !== this.main) : [pattern]
  watch = async (): Promise<() => Promise<void>> => async () => {}
}

const FULL = `${DEFAULT_CONFIG}
include: conf.d/*.yaml
circuit_breaker: &cb { failure_threshold: 5 }
shutdown:
  timeout: \${T:-30s}
trusted_proxies: [10.0.0.0/8]
`
const PART =
  'endpoints:\n  - name: part\n    version: v2\n    url: http://part\n    timeout: 30s\n    filters:\n      breaker: off\n'

/** An edit of the kinds that editors, scripts and accidents make; places are shares of the length. */
const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
const edit = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: share, length: fc.nat(60) }),
  fc.record({ kind: fc.constant('double' as const), at: share, length: fc.nat(60) }),
  fc.record({ kind: fc.constant('swap' as const), at: share, with: share }),
  fc.record({ kind: fc.constant('truncate' as const), at: share }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: share,
    text: fc.oneof(
      fc.constantFrom('*cb', '*x', '&x ', '\t', '{', '}', '[', ']', '${', '${file:', '"', ': ', '- ', '\n', '\r'),
      fc.constantFrom('---\n', '!!map ', '<<: *cb\n', '__proto__: 1\n', 'endpoints:\n', 'include: weir.yaml\n'),
      fc.string({ unit: 'binary', maxLength: 5 }),
      fc.string({ maxLength: 5 }),
    ),
  }),
)
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

function apply(text: string, change: Edit): string {
  const at = Math.floor(change.at * text.length)
  switch (change.kind) {
    case 'cut':
      return text.slice(0, at) + text.slice(at + change.length)
    case 'double':
      return text.slice(0, at + change.length) + text.slice(at)
    case 'truncate':
      return text.slice(0, at)
    case 'insert':
      return text.slice(0, at) + change.text + text.slice(at)
    case 'swap': {
      const lines = text.split('\n')
      const [a, b] = [Math.floor(change.at * lines.length), Math.floor(change.with * lines.length)]
      return lines.with(a, lines[b]!).with(b, lines[a]!).join('\n')
    }
  }
}

const mangled = (text: string): fc.Arbitrary<string> =>
  fc.array(edit, { maxLength: 2 }).map((edits) => edits.reduce(apply, text))
const files = fc.record({ 'weir.yaml': mangled(FULL), 'conf.d/part.yaml': mangled(PART) })

/** What a load gives; any other exception than the one that callers expect is thrown. */
async function specOf(loader: ConfigLoader): Promise<GatewaySpec | undefined> {
  try {
    return (await loader.load()).spec
  } catch (error) {
    if (!(error instanceof LocatedConfigError) || error.problems.length === 0) throw error
    for (const problem of error.problems)
      if (!error.document.files.some(({ name }) => error.document.format(problem).startsWith(name))) throw error
    return undefined
  }
}

t.test('mangled files load, or fail with problems that have a place', async (t) => {
  const source = new Documents()
  const kept = new ConfigLoader(source, { T: '5s' })
  let loaded = 0
  await fc.assert(
    fc.asyncProperty(files, async (texts) => {
      source.texts = texts
      const spec = await specOf(kept)
      // One that has loaded other documents before says the same as one that has not.
      const fresh = await specOf(new ConfigLoader(source, { T: '5s' }))
      if (JSON.stringify(spec) !== JSON.stringify(fresh)) throw new Error('what was kept made a difference')
      if (spec !== undefined) loaded++
    }),
    { numRuns: 500 },
  )
  t.ok(loaded > 20 && loaded < 480, `${loaded} of 500 loaded`)
})

t.test('the gateway under them goes on', async (t) => {
  const source = new Documents()
  const loader = new ConfigLoader(source, {})
  source.texts = { 'weir.yaml': FULL, 'conf.d/part.yaml': PART }
  const shown = (spec: GatewaySpec): GatewaySpec => ({
    // The addresses of the test, and the listener that it has filters for.
    listeners: spec.listeners
      .filter(({ name }) => name === 'proxy')
      .map((listener) => ({ ...listener, host: '127.0.0.1', port: 0 })),
    endpoints: spec.endpoints,
  })
  const first = await specOf(loader)
  const running = await startGateway(shown(first!))
  t.teardown(() => running.close())
  const { gateway, url } = running
  let refused = 0
  await fc.assert(
    fc.asyncProperty(files, fc.constantFrom(5, 6, 0, 'many'), async (texts, threshold) => {
      const main = texts['weir.yaml'].replace('failure_threshold: 5', `failure_threshold: ${threshold}`)
      source.texts = { ...texts, 'weir.yaml': main }
      const live = gateway.live
      const spec = await specOf(loader)
      try {
        if (spec !== undefined) await gateway.load(shown(spec))
      } catch (error) {
        if (!(error instanceof ConfigError) || error.problems.length === 0) throw error
        if (gateway.live !== live) throw new Error('a load that failed changed what runs')
        refused++
      }
      if (spec === undefined && gateway.live !== live) throw new Error('what runs has changed')
      const { status } = await send(`${url}/nowhere`)
      if (status !== 404) throw new Error(`it answered ${status}`)
    }),
    { numRuns: 150 },
  )
  t.ok(refused > 0, `${refused} of 150 were refused by the filters`)
})
