import t from 'tap'
import { inFolder, weir } from './support.ts'

const ENDPOINT = 'endpoints: [{ name: a, url: "http://a" }]\n'

t.test('every command tells what it does, with an example', async (t) => {
  const { out } = await weir([])
  const names = [...out.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name!)
  t.ok(names.length >= 8)
  for (const name of names) {
    const asked = await weir([name, '--help'])
    t.equal(asked.code, 0, name)
    t.match(asked.out, new RegExp(`^Usage: weir ${name}[sS]*\\n {6}--json|^Usage: weir ${name}`), name)
    t.match(asked.out, /\nExamples?:\n {2}/, name)
    t.match(asked.out, new RegExp(`\\n {2}.*weir ${name}`), name)
    t.equal((await weir(['help', name])).out, asked.out, name)
    t.ok(
      asked.out.split('\n').every((line) => line.length <= 120),
      `${name}: lines of a terminal`,
    )
  }
})

t.test('wrong usage says what is nearest, and how it is meant', async (t) => {
  const cases: [args: string[], err: RegExp][] = [
    [['valdate'], /^weir: unknown command "valdate"\. Did you mean "validate"\?\n\nWeir, an API gateway/],
    [['help', 'rutes'], /^weir: unknown command "rutes"\. Did you mean "routes"\?/],
    [['routes', '--jsn'], /^weir: unknown option --jsn\. Did you mean "--json"\?\n\nUsage: weir routes/],
    [['routes', '--qqqqq=1'], /^weir: unknown option --qqqqq\.\n/],
    [['diff', 'a.yaml'], /^weir: NEW is missing\n\nUsage: weir diff OLD NEW/],
    [['diff', 'a', 'b', 'c'], /^weir: "c" is one argument too many: the command takes OLD and NEW\n/],
    [['version', 'x'], /^weir: "x" is one argument too many: the command takes none\n/],
    [['routes', 'a.yaml', '-c', 'b.yaml'], /^weir: two files are given: leave one of them out\n/],
    [['print-schema', '--config'], /^weir: .*config/],
    [
      ['explain', 'GTE', '/'],
      /^weir: there is no method "GTE"\. Did you mean "GET"\?\n\nUsage: weir explain METHOD URL/,
    ],
    [['explain', 'GET', 'shop'], /^weir: expected a URL such as .* or a path/],
    [['explain', 'GET', ''], /^weir: expected a URL/],
    [['explain', 'GET', 'http://u:p@host/'], /^weir: a request has no credentials in its URL: give a header/],
    [['explain', 'GET', '/caf\u00e9'], /^weir: .*percent-encode it/],
    [['explain', 'GET', '/', '-H', 'Bearer abc'], /^weir: expected a header such as 'Accept: text\/html'\n/],
  ]
  for (const [args, err] of cases) {
    const said = await weir(args)
    t.equal(said.code, 2, args.join(' '))
    t.match(said.err, err, args.join(' '))
    t.equal(said.out, '', args.join(' '))
  }
  t.notMatch((await weir(['explain', 'GET', '/', '-H', 'Bearer abc'])).err, /abc/, 'and repeats no credentials')
})

t.test('--help wins over what is missing', async (t) => {
  t.equal((await weir(['diff', '--help'])).code, 0)
})

t.test('init writes once, and says what to do next', async (t) => {
  inFolder(t)
  const first = await weir(['init'])
  t.equal(first.code, 0)
  t.match(first.out, /^weir\.yaml was written[\s\S]*weir validate [\s\S]*weir run /)
  t.equal((await weir(['validate'])).code, 0)
  const again = await weir(['init'])
  t.strictSame([again.code, again.out, again.err], [1, '', 'weir: weir.yaml exists already; it was not changed\n'])
  const other = await weir(['init', 'other.yaml', '--json'])
  t.strictSame(other.json(), { file: 'other.yaml', problems: [] })
  t.match((await weir(['init', 'third.yaml'])).out, /weir validate third\.yaml[\s\S]*weir run --config third\.yaml/)
  t.equal((await weir(['init', 'none/x.yaml'])).code, 1)
})

t.test('validate', async (t) => {
  inFolder(t, {
    'weir.yaml': ENDPOINT,
    'warned.yaml': `${ENDPOINT}metrics_enabled: true\nfilters: [route-match, proxy]\n`,
  })
  t.strictSame((await weir(['validate', '--json'])).json(), {
    file: 'weir.yaml',
    valid: true,
    endpoints: 1,
    listeners: 2,
    problems: [],
  })
  const warned = await weir(['validate', 'warned.yaml'])
  t.match(warned.err, /^warning: warned\.yaml:2:1 metrics_enabled: this has no effect/)
  t.match(warned.out, /^warned\.yaml is valid: 1 endpoint, 2 listeners\n$/)
  const json = await weir(['validate', '-c', 'warned.yaml', '--json'])
  t.match(json.json(), { valid: true, problems: [{ severity: 'warning', file: 'warned.yaml', line: 2, col: 1 }] })
  t.equal(json.err, '')
})

t.test('a configuration that is wrong says so in every command that loads one', async (t) => {
  inFolder(t, { 'weir.yaml': `lisen: 1\n${ENDPOINT}`, 'good.yaml': ENDPOINT })
  const commands = [
    ['validate'],
    ['routes'],
    ['plugins'],
    ['explain', 'GET', '/'],
    ['diff', 'weir.yaml', 'good.yaml'],
    ['diff', 'good.yaml', 'weir.yaml'],
    ['print-schema', '-c', 'weir.yaml'],
  ]
  for (const args of commands) {
    const said = await weir(args)
    t.strictSame(
      [said.code, said.out, said.err],
      [78, '', 'weir.yaml:1:1 lisen: unknown key "lisen". Did you mean "listen"?\n1 problem\n'],
      args.join(' '),
    )
    if (args[0] === 'print-schema') continue
    const json = await weir([...args, '--json'])
    t.equal(json.code, 78)
    t.equal(json.err, '')
    t.strictSame(json.json(), {
      valid: false,
      problems: [
        {
          severity: 'error',
          file: 'weir.yaml',
          line: 1,
          col: 1,
          path: 'lisen',
          message: 'unknown key "lisen". Did you mean "listen"?',
        },
      ],
    })
  }
})

t.test('version', async (t) => {
  t.equal((await weir(['version'])).out, `weir 1.2.3 (Node ${process.version})\n`)
  t.equal((await weir(['--version'])).out, `weir 1.2.3 (Node ${process.version})\n`)
  t.match((await weir(['version', '--json'])).json(), { version: '1.2.3', node: process.version.slice(1) })
})

t.test('plugins lists built-in filters and those of plugins, with their options', async (t) => {
  inFolder(t, {
    'weir.yaml': `plugins: [./own.ts]\n${ENDPOINT}`,
    'own.ts': "export default { name: 'own', apiVersion: 1, create: () => ({}) }\n",
    'wrong.yaml': `plugins: [./none.ts]\n${ENDPOINT}`,
  })
  const { filters } = (await weir(['plugins', '--json'])).json() as { filters: { name: string; options: object[] }[] }
  t.match(
    filters.find(({ name }) => name === 'breaker'),
    {
      origin: 'built in',
      summary: /Stops calling/,
      options: [
        { name: 'scope', type: 'endpoint | target' },
        { name: 'failure_threshold', default: 5 },
      ],
    },
  )
  t.strictSame(filters.at(-1), { name: 'own', origin: './own.ts', summary: null, options: [] })
  const { out } = await weir(['plugins'])
  t.match(
    out,
    /^auth \(built in\)\n {2}Verifies bearer[^\n]*\n {4}algorithm +HS256 \| RS256 \| ES256 +HS256 +The only/m,
  )
  t.match(out, /^ {4}reset_timeout +duration +60s /m)
  t.match(out, /^own \(\.\/own\.ts\)\n$/m)
  const wrong = await weir(['plugins', 'wrong.yaml'])
  t.equal(wrong.code, 78)
  t.match(wrong.err, /could not be loaded/)
  inFolder(t)
  t.equal((await weir(['plugins'])).code, 0, 'and needs no configuration')
  t.equal((await weir(['plugins', 'weir.yaml'])).code, 78, 'unless one is named')
})

t.test('print-schema', async (t) => {
  const { out } = await weir(['print-schema'])
  t.match(JSON.parse(out), { $schema: /2020-12/, properties: { endpoints: {} } })
  t.match((await weir(['print-schema', '--markdown'])).out, /\n# /)
  inFolder(t, {
    'weir.yaml': `plugins: [./own.ts]\n${ENDPOINT}`,
    'own.ts': "export default { name: 'own', apiVersion: 1, create: () => ({}) }\n",
  })
  t.ok('own-options' in JSON.parse((await weir(['print-schema', '--config', 'weir.yaml'])).out).$defs)
})
