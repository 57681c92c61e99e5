// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { ConfigLoader } from '../../../config/live/config-loader.ts'
import { isSecret } from '../../../core/base/masking.ts'
import { setUp } from './support.ts'

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
        const [before, files] = [new Map((await editor.list()).map((view) => [view.id, view])), new Map(source.texts)]
        const result =
          one.do === 'register'
            ? await editor.register(one.entry)
            : one.do === 'change'
              ? await editor.change(one.id, one.patch)
              : await editor[one.do](one.id)
        counts[result.outcome]++
        const fresh = await new ConfigLoader(source, { SECRET: 'hidden' }).load()
        deepStrictEqual(fresh.spec, reloader.live.spec, 'a restart would run the same')
        const after = new Map((await editor.list()).map((view) => [view.id, view]))
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
