import t from 'tap'
import { styleFor } from '../../../config/commands/report.ts'
import { inFolder, weir } from './support.ts'

const TERMINAL = { style: { colour: true, excerpts: true } }
const PLAIN = { style: { colour: false, excerpts: true } }
const ENDPOINT = 'endpoints: [{ name: a, url: "http://a" }]\n'

t.test('colour only on a terminal that wants it', async (t) => {
  t.strictSame(styleFor({ isTTY: true }, {}), { colour: true, excerpts: true })
  t.strictSame(styleFor({ isTTY: true }, { NO_COLOR: '1' }), { colour: false, excerpts: true })
  t.strictSame(styleFor({ isTTY: true }, { NO_COLOR: '' }), { colour: true, excerpts: true })
  t.strictSame(styleFor({}, {}), { colour: false, excerpts: false })
})

t.test('the line is shown with a caret under the column', async (t) => {
  inFolder(t, { 'weir.yaml': `${ENDPOINT}filters: [auht, proxy]\n` })
  const { err } = await weir(['validate'], PLAIN)
  t.match(err, /^weir\.yaml:2:11 filters\[0\]: .*\n {4}\|\n {2}2 \| filters: \[auht, proxy\]\n {4}\| {11}\^\n/)
  const coloured = await weir(['validate'], TERMINAL)
  t.ok(coloured.err.startsWith('\u001b[31mweir.yaml:2:11\u001b[0m filters[0]'))
  t.ok(coloured.err.includes(`${' '.repeat(11)}\u001b[31m^\u001b[0m\n`))
})

t.test('what the excerpt does not show', async (t) => {
  const shown = async (text: string): Promise<string> => {
    inFolder(t, { 'weir.yaml': text })
    return (await weir(['validate'], PLAIN)).err
  }
  t.notMatch(
    await shown(`filters: [{ auth: { secret: hunter2hunter2, x: 1 } }, proxy]\n${ENDPOINT}`),
    /hunter2/,
    'a secret',
  )
  t.notMatch(await shown('endpoints: [{ name: a, url: "http://user:hunter2@a" }]\n'), /hunter2/, 'credentials of a URL')
  t.match(
    await shown(`filters: [{ auth: { secret: $\{NONE}, x: 1 } }, proxy]\n${ENDPOINT}`),
    /1 \| filters/,
    'a reference is shown',
  )
  const long = await shown(`filters: [${'proxy, '.repeat(400)}auht]\n${ENDPOINT}`)
  t.ok(
    long.split('\n').every((line) => !line.includes(' | ') || line.length < 120),
    'more than a line of the terminal',
  )
  t.match(long, /\^/)
  t.notOk((await shown(`"li\u0007sen": 1\n${ENDPOINT}`)).includes('\u0007'), 'what steers a terminal')
  t.match(await shown(`${ENDPOINT}\t# x\n- y\n`), /weir\.yaml:/)
})

t.test('a problem of the whole file has no line to show', async (t) => {
  inFolder(t)
  t.strictSame((await weir(['validate'], PLAIN)).err.split('\n').length, 3)
})

t.test('notices', async (t) => {
  inFolder(t, { 'weir.yaml': `health_check: { enabled: true }\n${ENDPOINT}` })
  t.match((await weir(['validate'])).err, /^notice: health checks request "\/" where no path is set/)
  t.match((await weir(['validate', '--json'])).json(), {
    problems: [{ severity: 'notice', file: 'weir.yaml', path: '' }],
  })
})
