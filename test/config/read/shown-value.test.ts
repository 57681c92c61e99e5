// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import t from 'tap'
import { viewOf } from '../../../config/edit/endpoint-view.ts'
import { loadConfig } from '../../../config/live/config-loader.ts'
import { inlineText } from '../../../config/read/shown-value.ts'
import { silentLogger } from '../../../core/api/logger.ts'
import { systemClock } from '../../../core/base/clock.ts'
import { defineFilter } from '../../../core/index.ts'
import { EndpointRegistry } from '../../../core/state/registry.ts'
import { inFolder, weir } from '../commands/support.ts'

/** A filter that takes whatever it is given, or refuses it. */
const own = (name: string, refuses: boolean) =>
  defineFilter({
    name,
    apiVersion: 1,
    options: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          refuses
            ? {
                issues: Object.keys(value as object).map((key) => ({
                  message: 'expected something else',
                  path: [key],
                })),
              }
            : { value },
        jsonSchema: { input: () => ({}) },
      },
    },
    create: () => ({ request() {} }),
  })

/** Options with `hunter2` in them, and how they are shown: the same in every place. */
const OPTIONS: Readonly<Record<string, readonly [yaml: string, shown: string, found: string]>> = {
  to: ['"http://user:pa/hunter2@host/x"', 'http://…@host/x', '"http://…@host/x"'],
  back: ['"user:p@hunter2@host"', '…@host', '"…@host"'],
  call: ['"/cb?token=hunter2&a=1"', '/cb?token=***&a=1', '"/cb?token=***&a=1"'],
  sends: ['"Bearer hunter2"', '"Bearer ***"', '"Bearer ***"'],
  by_env: ['"${URL:-http://u:p?hunter2@h}"', '${URL:-http://…@h}', 'the value of "${URL:-http://…@h}"'],
  secret: ['hunter2', '***', ''],
  api_key: ['"${KEY:-hunter2}"', '${KEY:-***}', ''],
  plain: ['"http://host:80/x?page=1"', 'http://host:80/x?page=1', '"http://host:80/x?page=1"'],
}

const yaml = (name: string): string =>
  `${name}: { ${Object.entries(OPTIONS)
    .map(([key, [value]]) => `${key}: ${value}`)
    .join(', ')} }`

const documentWith = (name: string): string => `filters:
  - ${yaml(name)}
  - route-match
  - proxy
endpoints:
  - name: a
    url: http://a
    filters: { ${yaml(name)} }
`

for (const name of ['own', 'api-token'])
  t.test(`explain and the editor's view show the options of the filter ${name} alike`, async (t) => {
    inFolder(t, { 'weir.yaml': documentWith(name) })
    const { out } = await weir(['explain', 'GET', '/orchestrator/a', '--json'], { filters: [own(name, false)] })
    t.notMatch(out, 'hunter2')
    const { filters } = JSON.parse(out) as { filters: { options: { name: string; value: unknown }[] }[] }
    const explained = new Map(filters[0]!.options.map((option) => [option.name, option.value]))
    const config = await loadConfig('weir.yaml')
    const registry = new EndpointRegistry(systemClock, silentLogger)
    registry.sync(config.spec.endpoints.map(({ endpoint }) => endpoint))
    const { entry } = viewOf(registry.get('a')!, config, ['endpoints', 0])
    const viewed = (entry as { filters: Record<string, Record<string, unknown>> }).filters[name]!
    for (const [key, [, shown]] of Object.entries(OPTIONS)) {
      t.equal(inlineText(explained.get(key)), shown, `explain: ${key}`)
      t.equal(inlineText(viewed[key]), shown, `view: ${key}`)
    }
  })

t.test('what validate finds wrong is shown in the same way', async (t) => {
  inFolder(t, { 'weir.yaml': documentWith('own') })
  const { err } = await weir(['validate'], { filters: [own('own', true)], style: { colour: false, excerpts: true } })
  t.notMatch(err, 'hunter2')
  for (const [key, [, , found]] of Object.entries(OPTIONS))
    t.ok(
      err.includes(`.own.${key}: expected something else${found === '' ? '' : `, found ${found}`}\n`),
      `${key}\n${err}`,
    )
})

t.test('keys of the document are shown in the same way', async (t) => {
  const cases: [yaml: string, message: RegExp][] = [
    ['endpoints: [{ name: a, url: "http://user:hunter2/x@host/x" }]', /found "http:\/\/…@host\/x"/],
    ['listen: "http://user:hunter2@host"', /found "http:\/\/…@host"/],
    ['listen: "${PORT:-user:hunter2@host}"', /found the value of "\$\{PORT:-…@host\}"/],
    [
      'health_check: { headers: { authorization: 42 } }',
      /expected a text in quotes .*, found a value that is not shown/,
    ],
    ['health_check: { headers: { x-api-key: "${hunter2!}" } }', /this is not a reference/],
    ['health_check: { headers: { cookie: *hunter2 } }', /the alias has no anchor before it/],
    ['health_check: { headers: { cookie: |hunter2\n } }', /not valid YAML|can't start/],
    ['"http://u:hunter2@h": 1', /unknown key "http:\/\/…@h"/],
    ['filters: [{ token: hunter2 }]', /found a value that is not shown/],
    ['hunter2', /found a text/],
  ]
  for (const [text, message] of cases) {
    inFolder(t, { 'weir.yaml': `${text}\n` })
    const { err } = await weir(['validate'], { style: { colour: false, excerpts: true } })
    t.match(err, message)
    t.notMatch(err, 'hunter2', text)
  }
})
