import t from 'tap'
import { REQUESTS, RESPONSES } from './corpus.ts'
import { openUpstreams, type Result, runAll } from './engine.ts'
import { KNOWN } from './known.ts'
import { STARTERS, versionOf } from './subjects.ts'
import { readRequest, readResponse } from './wire.ts'

const groups = [...REQUESTS, ...RESPONSES]
const ids = groups.flatMap(({ name, cases }) => cases.map((one) => `${name}/${one.name}`))
const known = KNOWN.flatMap(({ cases }) => cases)

t.test('the corpus', async (t) => {
  t.strictSame(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
    'every case has a name of its own',
  )
  t.strictSame(
    known.filter((id, index) => !ids.includes(id) || known.indexOf(id) !== index),
    [],
    'what is known to fail is a case, and is listed once',
  )
  t.ok(REQUESTS.flatMap(({ cases }) => cases).length >= 300)
  t.ok(RESPONSES.flatMap(({ cases }) => cases).length >= 80)
})

t.test('the reader that judges is strict', async (t) => {
  const head = 'POST / HTTP/1.1\r\n'
  for (const bytes of [
    'POST  / HTTP/1.1\r\n\r\n',
    `${head}A : b\r\n\r\n`,
    `${head}A: b\nC: d\r\n\r\n`,
    `${head}A: b\rc\r\n\r\n`,
    `${head}A: b\r\n c\r\n\r\n`,
    `${head}A: \x00\r\n\r\n`,
    `${head}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`,
    `${head}Content-Length: +1\r\n\r\na`,
    `${head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `${head}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`,
    `${head}Transfer-Encoding: chunked\r\n\r\n 1\r\na\r\n0\r\n\r\n`,
  ])
    t.equal(readRequest(bytes, 0).kind, 'broken', JSON.stringify(bytes))
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`
  t.match(readRequest(`${chunked}1;a=b\r\na\r\n0\r\nX: y\r\n\r\nmore`, 0), {
    kind: 'whole',
    message: { body: 'a', trailers: [['X', 'y']], complete: true },
  })
  t.match(readRequest(`${chunked}1\r\na\r\n0\r\n`, 0), { kind: 'part', message: { body: 'a', complete: false } })
  const answer = 'HTTP/1.1 200 OK\r\n\r\nhello'
  t.match(readResponse(answer, 0, 'GET', 'open'), { kind: 'part' })
  t.match(readResponse(answer, 0, 'GET', 'reset'), { kind: 'part', message: { complete: false } })
  t.match(readResponse(answer, 0, 'GET', 'end'), { kind: 'whole', message: { body: 'hello' } })
  t.match(readResponse(answer, 0, 'HEAD', 'open'), { kind: 'whole', message: { body: '' }, next: 19 })
  t.match(readResponse('HTTP/1.1 204 X\r\nContent-Length: 1\r\n\r\n', 0, 'GET', 'open'), { kind: 'broken' })
})

let passed = 0

t.test('Weir', async (t) => {
  const results = await run('weir')
  passed = passes(results)
  for (const { name } of groups)
    await t.test(name, async (t) => {
      for (const result of results.filter(({ id }) => id.startsWith(`${name}/`))) check(t, result)
    })
})

for (const name of ['nginx', 'haproxy']) {
  const missing = versionOf(name) === undefined
  // Who tests changes must have it; who only looks is told.
  const skip = missing && process.env.CI === undefined ? `${name} is not installed` : false
  t.test(`as many as ${name}`, { skip, timeout: 120_000 }, async (t) => {
    const others = passes(await run(name))
    t.ok(others > 500, `${name} passes ${others}: it runs`)
    t.ok(passed >= others, `Weir passes ${passed}`)
  })
}

async function run(name: string): Promise<readonly Result[]> {
  const upstreams = await openUpstreams()
  const subject = await STARTERS[name]!(upstreams)
  try {
    return await runAll(subject, upstreams, groups)
  } finally {
    await subject.stop()
    await Promise.all(upstreams.map((upstream) => upstream.close()))
  }
}

const passes = (results: readonly Result[]): number => results.filter(({ wrong }) => wrong.length === 0).length

function check(t: Tap, { id, wrong, case: { level, source } }: Result): void {
  if (!known.includes(id)) t.strictSame(wrong, [], `${id} (${level}, ${source})`)
  else t.not(wrong.length, 0, `${id} is mended: take it out of known.ts`)
}

type Tap = Pick<typeof t, 'strictSame' | 'not'>
