import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { DEFAULT_CONFIG, defaultText } from '../../config/commands/default-file.ts'
import { send } from '../support/client.ts'
import { DEFAULT_PORTS, takeDefaultPorts } from '../support/default-ports.ts'
import { folder, spawnWeir, startWeir, weirCommand } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

const ECHO = '/orchestrator/v1/echo/hello?x=1'

/** A port that was free a moment ago. */
async function freePort(): Promise<string> {
  const upstream = await startUpstream(() => {})
  await upstream.close()
  return String(upstream.port)
}

t.test('in an empty folder run writes weir.yaml, says so and serves its example', async (t) => {
  const taken = await takeDefaultPorts(t)
  if (taken.length > 0)
    return void t.pass('not shown here', { skip: `something else on this machine listens on ${taken.join(', ')}` })
  const cwd = await folder(t)
  const begun = performance.now()
  const { weir, proxy } = await startWeir(t, { cwd })
  const listening = performance.now() - begun
  const answer = await send(`${proxy}${ECHO}`)
  t.comment(
    `start to listening ${listening.toFixed(0)} ms, to first answer ${(performance.now() - begun).toFixed(0)} ms`,
  )
  t.equal(proxy, 'http://127.0.0.1:8000')
  t.equal(answer.status, 200)
  t.match(answer.json(), { method: 'GET', path: '/hello', query: 'x=1' })
  const file = join(cwd, 'weir.yaml')
  t.equal(await readFile(file, 'utf8'), defaultText(file))
  t.match(weir.lines[0], { file: 'weir.yaml', msg: /there was no weir.yaml: a commented one was written/ })
  t.equal((await weir.stop()).code, 0)
})

t.test('the file it writes works on other ports, and a second run leaves it as it is', async (t) => {
  let text = DEFAULT_CONFIG
  for (const port of DEFAULT_PORTS) text = text.replaceAll(String(port), await freePort())
  const cwd = await folder(t, { 'weir.yaml': text })
  for (const round of [1, 2]) {
    const begun = performance.now()
    const { weir, proxy, admin } = await startWeir(t, { cwd })
    const answer = await send(`${proxy}${ECHO}`)
    t.comment(`run ${round}: start to first answer ${(performance.now() - begun).toFixed(0)} ms`)
    t.equal(answer.status, 200)
    t.match(answer.json(), { path: '/hello', query: 'x=1' })
    t.equal((await send(`${admin}/readyz`)).status, 200)
    t.notOk(weir.lines.some((line) => String(line.msg).includes('was written')))
    t.same(
      weir.lines.filter((line) => Number(line.level) >= 50),
      [],
    )
    t.equal((await weir.stop('SIGINT')).code, 0)
    t.equal(await readFile(join(cwd, 'weir.yaml'), 'utf8'), text)
  }
})

t.test('run --config never writes the file', async (t) => {
  const cwd = await folder(t)
  const { code, stderr } = await weirCommand(t, { cwd, args: ['run', '--config', 'other.yaml'] })
  t.equal(code, 78)
  t.match(stderr, /^other\.yaml: there is no such file/)
  await t.rejects(readFile(join(cwd, 'other.yaml')), { code: 'ENOENT' })
})

t.test('a folder that cannot be written to is a clear line', async (t) => {
  if (process.getuid?.() === 0) return void t.pass('not shown here', { skip: 'root may write everywhere' })
  const weir = spawnWeir(t, { cwd: '/' })
  t.equal((await weir.exited).code, 1)
  t.match(weir.stderr, /^weir: EACCES/)
})
