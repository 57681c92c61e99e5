import t from 'tap'
import { setUp } from './support.ts'

const HEAD = 'admin: { changes: memory }\n'
const LIST = 'endpoints:\n  - name: a\n    url: http://a\n  - name: b\n    url: http://b\n'

const start = async (text = HEAD + LIST) => {
  const all = await setUp({ 'weir.yaml': text })
  const ids = (): string[] => all.reloader.live.spec.endpoints.map(({ endpoint }) => endpoint.id)
  const statusOf = (id: string) =>
    all.reloader.live.spec.endpoints.find(({ endpoint }) => endpoint.id === id)?.endpoint.status
  const write = (next: string): void => void all.source.texts.set('weir.yaml', next)
  return { ...all, ids, statusOf, write, text: () => all.source.texts.get('weir.yaml') }
}

t.test('a change in memory runs, and no document is written', async (t) => {
  const { editor, ids, text, statusOf, source, reloader } = await start()
  Object.assign(source, { write: undefined })
  t.match(await editor.register({ name: 'c', url: 'http://c' }), { outcome: 'applied', id: 'c', problems: [] })
  t.match(await editor.disable('a'), { outcome: 'applied' })
  t.match(await editor.disable('a'), { outcome: 'unchanged' })
  t.match(await editor.remove('b'), { outcome: 'applied' })
  t.match(await editor.change('c', { name: 'd' }), { outcome: 'applied', id: 'd' })
  t.strictSame(ids(), ['a', 'd'])
  t.equal(statusOf('a'), 'disabled')
  t.match(await editor.change('a', { url: 'x' }), { outcome: 'refused', reason: 'invalid' })
  t.equal(text(), HEAD + LIST)
  const { version } = reloader.live
  t.match(await reloader.reload('file'), { outcome: 'unchanged', version, warnings: [] })
  t.strictSame(ids(), ['a', 'd'], 'a reload of what has not changed keeps them')
})

t.test('they are made again on a document that others changed', async (t) => {
  const { editor, ids, statusOf, reloader, write } = await start()
  await editor.register({ name: 'c', url: 'http://c' })
  await editor.disable('a')
  await editor.change('b', { methods: ['GET'] })
  write(`# edited\n${HEAD}debug: true\n${LIST}  - name: e\n    url: http://e\n`)
  t.match(await reloader.reload('file'), { outcome: 'applied', warnings: [] })
  t.strictSame(ids(), ['a', 'b', 'e', 'c'])
  t.equal(statusOf('a'), 'disabled')
  t.equal(reloader.live.settings.debug, true)
  t.match((await editor.get('b'))!.entry, { methods: ['GET'] })
  write(`${HEAD}endpoints:\n  - { name: [\n`)
  t.match(await reloader.reload('file'), { outcome: 'failed' })
  t.strictSame(ids(), ['a', 'b', 'e', 'c'], 'a document that does not load changes nothing')
})

t.test('one that does not fit any more is dropped with a warning', async (t) => {
  const { editor, ids, statusOf, reloader, write, loader } = await start()
  await editor.register({ name: 'c', url: 'http://c' })
  await editor.disable('a')
  await editor.disable('b')
  write(`${HEAD}endpoints:\n  - name: b\n    url: http://b\n  - name: c\n    url: http://other\n`)
  const { outcome, warnings } = await reloader.reload('file')
  t.equal(outcome, 'applied')
  t.match(
    warnings.map(({ message }) => message),
    [/"register" of "c".*dropped: the endpoint "c" exists/, /"disable" of "a".*dropped: there is no endpoint "a"/],
  )
  t.strictSame(ids(), ['b', 'c'])
  t.equal(statusOf('b'), 'disabled')
  t.strictSame(
    loader.changes.map(({ kind, id }) => [kind, id]),
    [['disable', 'b']],
  )
  write(HEAD + LIST)
  t.match(await reloader.reload('file'), { outcome: 'applied', warnings: [] })
  t.equal(statusOf('a'), 'active', 'it does not come back')
})

t.test('a document that does not want them any more runs alone', async (t) => {
  const { editor, ids, reloader, write, text } = await start()
  await editor.remove('a')
  write(LIST)
  const { outcome, warnings } = await reloader.reload('file')
  t.match({ outcome, warnings }, { outcome: 'applied', warnings: [{ message: /1 of them.*dropped/ }] })
  t.strictSame(ids(), ['a', 'b'])
  t.match(await editor.remove('b'), { outcome: 'applied' })
  t.notMatch(text(), 'http://b', 'and changes are written again')
  write(`admin: { changes: off }\n${LIST}`)
  t.match(await editor.remove('a'), { outcome: 'refused', reason: 'off' })
  t.strictSame(ids(), ['a', 'b'], 'what others changed is loaded nevertheless')
})

t.test('what later changes make needless is not kept', async (t) => {
  const { editor, loader, ids, write, reloader } = await start()
  const kept = () => loader.changes.map(({ kind, id }) => `${kind} ${id}`)
  for (let i = 0; i < 20; i++) {
    await editor.disable('a')
    await editor.enable('a')
    await editor.register({ name: 'c', url: 'http://c' })
    await editor.change('c', { methods: ['GET'] })
    await editor.remove('c')
  }
  t.strictSame(kept(), ['enable a'])
  await editor.change('b', { name: 'z' })
  await editor.register({ name: 'b', url: 'http://b2' })
  await editor.remove('b')
  t.strictSame(kept(), ['enable a', 'change b'], 'the one that had the id before keeps its change')
  write(`#\n${HEAD}${LIST}`)
  t.match(await reloader.reload('file'), { warnings: [] })
  t.strictSame(ids(), ['a', 'z'])
})
