// The guide for tokens: its configurations run, and get the requests that the page shows, by the commands that it names.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Guide, type Place } from '../support/guide.ts'
import { folder, LAUNCH, startWeir } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

const PASSWORD = 'correct horse & battery'

const guide = new Guide('docs/guides/tokens.md')
// `read` asks at a terminal.
guide.prelude = `
weir() { node '${LAUNCH}' "$@"; }
read() { true; }
`

const upstream = await startUpstream((_req, res) => void res.end('an order'))
t.teardown(() => upstream.close())

/** The configuration of a section, on free ports and with a real upstream. */
function yamlOf(heading: string): string {
  const [yaml = ''] = guide.blocks(heading, 'yaml')
  const own = yaml.replaceAll(/http:\/\/(?:orders:8080|127\.0\.0\.1:8002)/g, upstream.url).replace(/^echo: .*\n/m, '')
  return `listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\n${own}`
}

const [MAKE = '', ...FIRST] = guide.blocks('From nothing to a protected endpoint', 'sh')

/** A gateway with the files that the reader makes. */
async function start(t: Test, heading: string): Promise<Place> {
  const dir = await folder(t, { 'weir.yaml': yamlOf(heading) })
  const place = { dir, proxy: '', env: { PASSWORD } }
  await guide.run(t, MAKE, place)
  return { ...place, proxy: (await startWeir(t, { cwd: dir })).proxy }
}

t.test('from nothing to a protected endpoint, and what follows', async (t) => {
  const place = await start(t, 'From nothing to a protected endpoint')
  const headings = [
    'Applications',
    'Renewal and logout',
    'Who else may ask',
    'Tokens from the command line',
    'Keys, and their rotation',
  ]
  for (const block of [...FIRST, ...headings.flatMap((heading) => guide.blocks(heading, 'sh'))])
    await guide.run(t, block, place)
})

t.test('which endpoints accept them', async (t) => {
  const heading = 'Which endpoints accept them'
  const place = await start(t, heading)
  for (const block of guide.blocks(heading, 'sh')) await guide.run(t, block, place)
})

t.test('each option of the page is in the file that weir reads', async (t) => {
  const dir = await folder(t)
  await writeFile(join(dir, 'weir.yaml'), yamlOf('From nothing to a protected endpoint'))
  await guide.run(t, MAKE, { dir, proxy: '', env: { PASSWORD } })
  await guide.run(t, 'weir validate > valid.txt', { dir, proxy: '' })
})

t.test('nothing of the page was left out', async (t) => t.strictSame(guide.unused, []))
