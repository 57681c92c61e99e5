// The public door: what it exports is frozen here, and documented where it is defined.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { checkExamples, examplesOf } from '../support/doc-examples.ts'
import { API_FILE, apiText, type Declaration, readPublicApi } from '../support/public-api.ts'

const api = readPublicApi()
const declarations = [...api.exported.values()]

/** An interface whose example is that of another name. */
const EXAMPLE_ELSEWHERE: Readonly<Record<string, string>> = {
  Deadline: 'TimerWheel',
  FilterFactory: 'defineFilter',
  IdleOwner: 'IdleWatchdog',
  Metric: 'Meter',
  RecordingTrace: 'Tracing',
}

t.test('the door is as the file says', async (t) => {
  const golden = readFileSync(resolve(import.meta.dirname, '../..', API_FILE), 'utf8')
  t.equal(
    apiText(api),
    golden,
    `what filters and plugins may import has changed: run "npm run generate", and add a line to CHANGELOG.md`,
  )
})

t.test('every type that the door mentions can be imported', async (t) => {
  // `ErrorCode` is the type to use; the table is shown with it, since its keys are the codes.
  t.strictSame([...api.mentioned.keys()], ['ERRORS', 'ErrorEntry'])
})

t.test('every exported name is documented', async (t) => {
  t.strictSame(
    declarations.filter(({ doc }) => doc === undefined).map(({ name }) => name),
    [],
  )
})

t.test('every hook says when, where and how it runs, in 5 to 12 lines', async (t) => {
  const hooks = (name: string): [name: string, lines: number][] =>
    Array.from(
      api.exported.get(name)!.text.matchAll(/^ {4}(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)? {4}(\w+)\??\(/gm),
      ([, doc = '', hook]) => [hook!, doc.trimEnd().split('\n').length],
    )
  const all = [...hooks('Filter'), ...hooks('TerminalFilter')]
  t.ok(all.length >= 12, `${all.length} hooks`)
  t.strictSame(
    all.filter(([, lines]) => lines < 5 || lines > 12),
    [],
  )
})

t.test('every value, and every interface with methods, has an example', async (t) => {
  const isType = ({ text }: Declaration): boolean => /^export (?:interface|type) /.test(text)
  const hasMethods = ({ text }: Declaration): boolean => /^ {4}\w+\??(?:<\w>)?\(/m.test(text)
  const needing = declarations.filter((one) => !isType(one) || hasMethods(one))
  t.ok(needing.length > 50, `${needing.length} names need an example`)
  const where = ({ name }: Declaration): Declaration => api.exported.get(EXAMPLE_ELSEWHERE[name] ?? name)!
  t.strictSame(
    needing.filter((one) => examplesOf(where(one)).length === 0).map(({ name }) => name),
    [],
  )
})

t.test('every example compiles', async (t) => {
  const examples = new Map(declarations.map((one) => [one.name, examplesOf(one)]))
  t.doesNotThrow(() => checkExamples(examples, api.exported.keys()))
})
