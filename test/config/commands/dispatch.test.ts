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
    [['explain', 'GET', 'http://a%4g/'], /^weir: the gateway refuses the host "a%4g": expected host\[:port\]/],
    [['explain', 'GET', '/', '-H', 'Host: a b'], /^weir: the gateway refuses the host "a b"/],
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
