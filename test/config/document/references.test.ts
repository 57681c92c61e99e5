// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like this
import t from 'tap'
import { type Environment, substitute as substituteAll, typed } from '../../../config/document/references.ts'
import { endpoint, filter, parse, problems } from '../support.ts'

const substitute = (text: string, env: Environment) => substituteAll(text, { env, readFile: (path) => `(${path})` })

t.test('references are replaced', async (t) => {
  const env = { A: 'one', EMPTY: '', NESTED: '${A}' }
  const text = (s: string): string => substitute(s, env).text
  t.equal(text('x ${A} y ${A}'), 'x one y one')
  t.equal(text('${EMPTY}'), '')
  t.equal(text('${EMPTY:-d}${NONE:-d}${A:-d}'), 'ddone')
  t.equal(text('${NONE:-}'), '')
  t.equal(text('${NONE:-http://x:1/?a=-b}'), 'http://x:1/?a=-b')
  t.equal(text('${A:?needed}'), 'one')
  t.equal(text('$${A} and $A and $$'), '${A} and $A and $$')
  t.equal(text('${NESTED}'), '${A}', 'what is put in is not looked at again')
  t.same(substitute('${A}', env), { text: 'one', whole: true, last: 'A', problems: [] })
  t.equal(substitute('$${A}', env).whole, false)
  t.equal(substitute('${A}${A}', env).whole, false)
  t.equal(substitute(' ${A}', env).whole, false)
})

t.test('what cannot be replaced is a problem', async (t) => {
  const problem = (s: string, env = {}): string => substitute(s, env).problems.join('; ')
  t.equal(problem('${A}'), 'the environment variable A is not set (${A:-default} gives it a default)')
  t.equal(problem('${A:?give the port}'), 'the environment variable A is not set: give the port')
  t.equal(problem('${A:?}', { A: '' }), 'the environment variable A is empty')
  t.match(problem('a ${A'), /^a \$\{ has no closing \}: write \$\{NAME\}/)
  t.match(problem('${}'), /"\$\{\}" is not a reference/)
  t.match(problem('${A-b}'), /is not a reference/)
  t.match(problem('${1}'), /is not a reference/)
  t.match(problem('${A:-${B}}'), /a reference inside another/)
  t.equal(problem('${file:/run/secrets/x}'), '')
  t.match(problem('${toString}'), /not set/)
  t.equal(substitute('${A} ${B}', {}).problems.length, 2)
})

t.test('types are those of the YAML 1.2 core schema', async (t) => {
  for (const text of ['', '~', 'null', 'Null', 'NULL']) t.equal(typed(text), null)
  for (const text of ['true', 'True', 'TRUE']) t.equal(typed(text), true)
  for (const text of ['false', 'False', 'FALSE']) t.equal(typed(text), false)
  t.equal(typed('0o17'), 15)
  t.equal(typed('0xFF'), 255)
  t.equal(typed('-12'), -12)
  t.equal(typed('1.5e3'), 1500)
  t.equal(typed('.5'), 0.5)
  t.equal(typed('-.inf'), -Infinity)
  t.equal(typed('.INF'), Infinity)
  t.ok(Number.isNaN(typed('.nan')))
  for (const text of ['yes', 'off', '1a', '0o9', '1_000', '.', 'nUll', '1.2.3']) t.equal(typed(text), text)
})

t.test('a plain scalar that is one reference gets the type that its value has', async (t) => {
  const options = (value: string, env: Record<string, string>): unknown =>
    filter(parse(`circuit_breaker:\n  x: ${value}\n`, env), 'breaker')?.options.x
  t.equal(options('${N}', { N: '8000' }), 8000)
  t.equal(options('${N:-8000}', {}), 8000)
  t.equal(options('${B}', { B: 'true' }), true)
  t.equal(options('"${N}"', { N: '8000' }), '8000')
  t.equal(options("'${N}'", { N: '8000' }), '8000')
  t.equal(options('!!str ${N}', { N: '8000' }), '8000')
  t.equal(options('|\n    ${N}', { N: '8000' }), '8000\n')
  t.equal(options('1${N}', { N: '8000' }), '18000')
  t.equal(options('${N}', { N: 'a: b\n- c' }), 'a: b\n- c', 'no YAML comes in this way')
  t.equal(options('${N}', { N: '[1]' }), '[1]')
})

t.test('neither comments nor keys are looked at', async (t) => {
  t.same(problems('# ${NONE}\nlisten: 1 # ${NONE}\n'), [])
  t.match(problems('${NONE}: 1'), [/^1:1 \["\$\{NONE\}"\]: unknown key/])
})

t.test('problems stand where the reference does, and cause no others', async (t) => {
  t.same(
    problems(
      endpoint('methods: ["${M}", GET]\ntimeout: ${T:?seconds}', 'listen: ${P}\nadmin: "${A}"\nfilters: ["${F}"]\n'),
    ),
    [
      '4:15 endpoints[0].methods[0]: the environment variable M is not set (${M:-default} gives it a default)',
      '5:5 endpoints[0].timeout: the environment variable T is not set: seconds',
      '6:1 listen: the environment variable P is not set (${P:-default} gives it a default)',
      '7:1 admin: the environment variable A is not set (${A:-default} gives it a default)',
      '8:11 filters[0]: the environment variable F is not set (${F:-default} gives it a default)',
    ],
  )
  t.equal(problems('endpoints: ${X}\nfilters: ${X}\n').length, 2)
  t.equal(problems('endpoints: ["${X}", { name: "${X}", url: "${X}" }]').length, 3)
  t.equal(problems('${X}').length, 1)
})

t.test('labels keep the text of a number', async (t) => {
  const read = (text: string, env = {}): unknown => parse(endpoint(text), env).spec.endpoints[0]?.endpoint.version
  t.equal(read('version: 1.0'), '1.0')
  t.equal(read('version: "1.10"'), '1.10')
  t.equal(read('version: ${V}', { V: '1.10' }), '1.10')
})

t.test('a secret that ends in white space is a warning at its place, without the secret', async (t) => {
  const text = filterOptions('secret: "${S}", issuer: "${I}"')
  const warned = (env: Record<string, string>): string[] => {
    const config = parse(text, env)
    return config.warnings.filter(({ path }) => path[0] === 'filters').map((problem) => config.document.format(problem))
  }
  t.strictSame(warned({ S: 'plain', I: 'x ' }), [], 'an issuer is no secret')
  t.strictSame(
    warned({ S: `-----BEGIN A-----\nAAAA\n-----END A-----\n`, I: 'x' }),
    [],
    'a key in PEM ends in a line break',
  )
  for (const S of ['hunter2\n', 'hunter2 ', 'hunter2\t'])
    t.strictSame(warned({ S, I: 'x' }), [
      'weir.yaml:2:13 filters[0].auth.secret: S ends in white space, which is part of the secret then: remove it there',
    ])
})

t.test('that warning comes once for a variable, and for each place that adds the white space itself', async (t) => {
  const text = `endpoints:
  - { name: a, url: "http://a", filters: { auth: { secret: "x\${S}" } } }
  - { name: b, url: "http://b", filters: { auth: { secret: "\${S:-y}" } } }
  - { name: d, url: "http://d", filters: { auth: { secret: "\${T} " } } }
  - { name: e, url: "http://e", filters: { auth: { secret: "\${T} " } } }
  - { name: f, url: "http://f", filters: { auth: { secret: "\${S}" } } }
`
  const { warnings, document } = parse(text, { S: 'hunter2 ', T: 'hunter3' })
  t.strictSame(
    warnings.flatMap((problem) =>
      problem.message.includes('white space') ? [document.format(problem).split(',')[0]] : [],
    ),
    [
      'weir.yaml:2:52 endpoints[0].filters.auth.secret: S ends in white space',
      'weir.yaml:4:52 endpoints[2].filters.auth.secret: the value ends in white space',
      'weir.yaml:5:52 endpoints[3].filters.auth.secret: the value ends in white space',
    ],
  )
})

const filterOptions = (options: string): string => `filters:\n  - auth: { ${options} }\n  - route-match\n  - proxy\n`
