// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { EndpointEditor } from '../../../config/edit/editor.ts'
import { ConfigLoader } from '../../../config/live/config-loader.ts'
import { Reloader } from '../../../config/live/reloader.ts'
import { isSecret } from '../../../core/build/option-check.ts'
import type { Problem } from '../../../core/control/config-error.ts'
import type { ConfigSource } from '../../../core/control/config-source.ts'
import { Metrics } from '../../../core/observe/metrics.ts'
import { EndpointRegistry } from '../../../core/state/registry.ts'
import { ManualClock } from '../../support/exchange.ts'

/** Documents in memory. */
class Documents implements ConfigSource {
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

async function setUp(texts: Readonly<Record<string, string>>, more: { fail?: () => void } = {}) {
  const source = new Documents(texts)
  const clock = new ManualClock()
  const say = (): void => {}
  const log = { trace: say, debug: say, info: say, warn: say, error: say, child: () => log }
  const meter = new Metrics()
  const loader = new ConfigLoader(source, { SECRET: 'hidden' })
  const live = await loader.load()
  const registry = new EndpointRegistry(clock, log)
  const sync = (spec = live.spec): void => registry.sync(spec.endpoints.map(({ endpoint }) => endpoint))
  sync()
  const apply = async ({ spec }: typeof live, _: unknown, commit?: () => Promise<void>): Promise<Problem[]> => {
    await commit?.()
    more.fail?.()
    sync(spec)
    return []
  }
  const parts = { source, loader, log, meter, clock }
  const none = { filesRead: () => [], filesChanged: () => false, warnings: [] }
  const reloader = new Reloader({ ...parts, ...none, live, apply })
  return {
    source,
    reloader,
    editor: new EndpointEditor({ ...parts, reloader: () => reloader, registry: () => registry }),
  }
}

const DOCUMENTS: Readonly<Record<string, string>>[] = [
  { 'weir.yaml': '# only a comment\nlisten: 1 # one\n' },
  { 'weir.yaml': 'endpoints: # none\nlisten: 1\n' },
  { 'weir.yaml': 'endpoints: []\n' },
  { 'weir.yaml': '{ listen: 1, endpoints: [{ name: a, url: "http://a" }] }\n' },
  { 'weir.yaml': 'endpoints: [\n  { name: a, url: "http://a" }, # a\n  { name: b, url: "http://b" },\n]' },
  {
    'weir.yaml':
      'endpoints:\n- name: a\n  url: http://a\n  methods:\n  - GET\n\n# b\n- { name: b, url: "http://b" } # flow\nlisten: 1',
  },
  {
    'weir.yaml': 'endpoints:\r\n  - name: a\r\n    url: http://a\r\n    filters:\r\n      breaker: off\r\n  # end\r\n',
  },
  {
    'weir.yaml':
      'listen: 1\ntrusted_proxies: &p [10.0.0.0/8]\nendpoints:\n  -   url: >-\n        http://a\n      name: "a" # a\n      filters: # f\n        auth:\n          secret: ${SECRET}\n\n          issuer: &i x\n  - &b\n    name: b\n    url: http://b\n    filters: { auth: { issuer: *i } }\n',
  },
  {
    'weir.yaml': 'include: x\nendpoints:\n  - name: m\n    url: http://m\n',
    'a.yaml': '# a\nendpoints:\n  # of a\n  - name: a\n    url: http://a\n    disabled: false\n',
    'b.yaml': 'endpoints:\n  - { name: b, url: "http://b", status: inactive }\n',
  },
]

const id = fc.constantFrom('a', 'b', 'm', 'c', 'v1.0/d', '${SECRET}')
const word = fc.oneof(
  fc.constantFrom(
    'off',
    'null',
    '1.0',
    '~',
    'yes',
    '${SECRET}',
    '$${X}',
    '$${',
    '${',
    '# no',
    'a: b',
    '- x',
    '*a',
    '&a',
    '',
    ' ',
    "'",
    '"',
    '\n',
    '\u0085',
    '\u2028',
    '\ud83d\ude00',
    '{x}',
    '%',
    '@',
    '---',
    '...',
    '<<',
    '0x1f',
    '5s',
    '1e3',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const options = fc.dictionary(
  fc.oneof(
    fc.constantFrom('issuer', 'audience', 'x y'),
    word.filter((text) => !isSecret(text)),
  ),
  fc.oneof(word, fc.integer(), fc.boolean(), fc.array(word, { maxLength: 3 }), fc.constant(null)),
  { maxKeys: 3, noNullPrototype: true },
)
const keys = {
  url: fc.constantFrom('http://new', 'https://new:1/x', 'http://[::1]/'),
  methods: fc.constantFrom<unknown>(['GET'], ['get', 'PUT'], null),
  timeout: fc.constantFrom<unknown>('5s', 7, 0.5, null),
  path: fc.constantFrom<unknown>('/x', ['/y', '/z'], null),
  disabled: fc.constantFrom<unknown>(true, false, null),
  filters: fc.oneof(
    fc.constant(null),
    fc.dictionary(fc.constantFrom('auth', 'breaker', 'metrics'), fc.oneof(fc.constantFrom('off', null), options), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
}
const entry = fc.record(
  { ...keys, name: fc.oneof(fc.constantFrom('a', 'c', 'd'), word), version: fc.constantFrom<unknown>('v1', '1.0', 2) },
  { requiredKeys: ['name', 'url'], noNullPrototype: true },
)
const step = fc.oneof(
  fc.record({ do: fc.constant('register' as const), entry }),
  fc.record({
    do: fc.constant('change' as const),
    id,
    patch: fc.record(keys, { requiredKeys: [], noNullPrototype: true }),
  }),
  fc.record({ do: fc.constantFrom('remove' as const, 'enable' as const, 'disable' as const), id }),
)

/** RFC 7396. */
function patched(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const to: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete to[key]
    else to[key] = patched(to[key], value)
  return to
}

t.test('whatever is changed, the document loads and means what was said', async (t) => {
  const counts = { applied: 0, unchanged: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...DOCUMENTS), fc.array(step, { maxLength: 8 }), async (texts, steps) => {
      const { source, reloader, editor } = await setUp(texts)
      for (const one of steps) {
        const [before, files] = [new Map(editor.list().map((view) => [view.id, view])), new Map(source.texts)]
        const result =
          one.do === 'register'
            ? await editor.register(one.entry)
            : one.do === 'change'
              ? await editor.change(one.id, one.patch)
              : await editor[one.do](one.id)
        counts[result.outcome]++
        const fresh = await new ConfigLoader(source, { SECRET: 'hidden' }).load()
        deepStrictEqual(fresh.spec, reloader.live.spec, 'a restart would run the same')
        const after = new Map(editor.list().map((view) => [view.id, view]))
        const meant = (id: string): unknown => after.get(id)?.entry
        if (result.outcome === 'refused') {
          ok(result.problems.length > 0)
          deepStrictEqual(source.texts, files)
          continue
        }
        for (const [other, { entry: was }] of before) if (other !== result.id) deepStrictEqual(meant(other), was)
        if (one.do === 'register') {
          const { name, version, ...rest } = one.entry
          deepStrictEqual(meant(result.id), {
            ...rest,
            name,
            ...(version === undefined ? {} : { version: String(version) }),
          })
        } else if (one.do === 'change') deepStrictEqual(meant(one.id), patched(before.get(one.id)!.entry, one.patch))
        else if (one.do === 'remove') ok(!after.has(one.id))
        else equal(after.get(one.id)?.status, one.do === 'enable' ? 'active' : 'disabled')
      }
    }),
    { numRuns: 400 },
  )
  t.ok(counts.applied > 100 && counts.refused > 50, JSON.stringify(counts))
})

const AB = 'endpoints:\n  - name: a\n    url: http://a\n  - name: b\n    url: http://b\n'

t.test('who wrote meanwhile is not overwritten', async (t) => {
  const { source, editor, reloader } = await setUp({ 'weir.yaml': AB })
  source.before = () => void source.texts.set('weir.yaml', `debug: true\n${AB}`)
  t.match(await editor.remove('a'), { outcome: 'applied' })
  t.equal(source.texts.get('weir.yaml'), 'debug: true\nendpoints:\n  - name: b\n    url: http://b\n')
  const again = (): void => {
    source.texts.set('weir.yaml', `#\n${source.texts.get('weir.yaml')}`)
    queueMicrotask(() => {
      source.before = again
    })
  }
  source.before = again
  t.match(await editor.disable('b'), { outcome: 'refused', reason: 'conflict' })
  t.match(source.texts.get('weir.yaml'), /^#\n#\n[\s\S]*b\n$/)
  source.before = undefined
  await reloader.stop()
  t.match(await editor.disable('b'), { outcome: 'refused', reason: 'stopping' })
})

t.test('what can not be written, or fails afterwards, is as if it had not been asked for', async (t) => {
  let fail = (): void => {}
  const { source, editor, reloader } = await setUp({ 'weir.yaml': `\ufeff${AB}` }, { fail: () => fail() })
  fail = () => {
    throw new Error('out of luck')
  }
  t.match(await editor.remove('a'), { outcome: 'refused', problems: [{ message: 'out of luck' }] })
  t.equal(source.texts.get('weir.yaml'), `\ufeff${AB}`)
  t.equal(reloader.live.spec.endpoints.length, 2)
  fail = () => {}
  source.failure = new Error('no more space')
  t.match(await editor.remove('a'), { outcome: 'refused', problems: [{ message: 'no more space' }] })
  source.failure = undefined
  t.match(await editor.remove('a'), { outcome: 'applied' })
  t.match(source.texts.get('weir.yaml'), /^\ufeffendpoints:/, 'the byte order mark is kept')
  Object.assign(source, { write: undefined })
  t.match(await editor.remove('b'), { outcome: 'refused', reason: 'not_writable' })
})

t.test('secrets are shown masked, and survive being sent back', async (t) => {
  const { source, editor } = await setUp({
    'weir.yaml':
      'endpoints:\n  - name: a\n    targets:\n      - url: ${URL:-http://a}\n        weight: ${W:-3}\n      - url: http://b\n    filters:\n      auth: { secret: plain, token: "${SECRET:-x}" }\n',
  })
  const shown = editor.get('a')!.entry
  t.strictSame(shown.filters, { auth: { secret: '***', token: '${SECRET:-***}' } })
  const before = source.texts.get('weir.yaml')
  t.match(await editor.change('a', shown), { outcome: 'unchanged' })
  t.equal(source.texts.get('weir.yaml'), before)
  const targets = [...(shown.targets as object[]), { url: 'http://c', weight: 2 }]
  t.match(await editor.change('a', { targets }), { outcome: 'applied', problems: [] })
  t.match(source.texts.get('weir.yaml'), 'url: "${URL:-http://a}"')
  t.strictSame(editor.get('a')!.entry.targets, targets)
  const masked = { filters: { auth: { secrets: ['***'] } } }
  t.match(await editor.change('a', masked), { outcome: 'refused', problems: [{ message: /masked/ }] })
})

t.test('what is no plain data of that size is refused', async (t) => {
  const { editor } = await setUp({ 'weir.yaml': AB })
  const loop: Record<string, unknown> = {}
  loop.loop = loop
  const wide = Array.from({ length: 50 }, () => 'x'.repeat(100))
  const bad: unknown[] = [
    loop,
    { x: new Date(0) },
    { x: () => 1 },
    { x: Number.NaN },
    { x: undefined },
    JSON.parse('{ "__proto__": { "x": 1 } }'),
    { x: Array.from({ length: 50 }, () => wide) },
    null,
    [],
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, 1])),
  ]
  for (const patch of bad) {
    t.match(await editor.change('a', patch), { outcome: 'refused', reason: 'invalid' })
    t.match(await editor.register(patch), { outcome: 'refused', reason: 'invalid' })
  }
})
