import t from 'tap'
import { setUp } from './support.ts'

t.test('what the document says of an endpoint is made once, for all who ask, who can not change it', async (t) => {
  const { editor } = await setUp({
    'weir.yaml': 'endpoints:\n  - { name: a, url: "http://a" }\n  - name: b\n    targets: [{ url: "http://b" }]\n',
  })
  const [, before] = await editor.list()
  t.equal((await editor.get('b'))!.entry, before!.entry)
  t.equal((await editor.list())[1]!.entry, before!.entry)
  t.throws(() => {
    Object.assign((before!.entry as { targets: object[] }).targets[0]!, { url: 'http://elsewhere' })
  }, TypeError)
  t.match(await editor.change('b', { timeout: '1s' }), { outcome: 'applied' })
  t.match(
    (await editor.list())[1],
    { entry: { targets: [{ url: 'http://b' }], timeout: '1s' } },
    'not of another version',
  )
  t.match(await editor.remove('a'), { outcome: 'applied' })
  t.match(await editor.list(), [{ id: 'b', line: 2 }])
})

t.test('requests go on while a long list is made', async (t) => {
  const many = Array.from({ length: 5000 }, (_, i) => `  - { name: e${i}, url: "http://e" }\n`)
  const { editor } = await setUp({ 'weir.yaml': `endpoints:\n${many.join('')}` })
  let turns = 0
  let next = setImmediate(function turn() {
    turns++
    next = setImmediate(turn)
  })
  const list = await editor.list()
  clearImmediate(next)
  t.equal(list.length, 5000)
  t.ok(turns > 1, `${turns} turns of the event loop`)
})
