// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import { resolve } from 'node:path'
import t from 'tap'
import { setUp } from './support.ts'

const AB = 'endpoints:\n  - name: a\n    url: http://a\n  - name: b\n    url: http://b\n'

t.test('who wrote meanwhile is not overwritten', async (t) => {
  const { source, editor, reloader } = await setUp({ 'weir.yaml': AB })
  source.before = () => void source.texts.set('weir.yaml', `debug: true\n${AB}`)
  t.match(await editor.remove('a'), { outcome: 'applied' })
  t.equal(source.texts.get('weir.yaml'), 'debug: true\nendpoints:\n  - name: b\n    url: http://b\n')
  const again = (): void => {
    source.texts.set('weir.yaml', `#\n${source.texts.get('weir.yaml')}`)
    queueMicrotask(() => {
      source.before = again
    })
  }
  source.before = again
  t.match(await editor.disable('b'), { outcome: 'refused', reason: 'conflict' })
  t.match(source.texts.get('weir.yaml'), /^#\n#\n[\s\S]*b\n$/)
  source.before = undefined
  await reloader.stop()
  t.match(await editor.disable('b'), { outcome: 'refused', reason: 'stopping' })
})

t.test('what can not be written, or fails afterwards, is as if it had not been asked for', async (t) => {
  let fail = (): void => {}
  const { source, editor, reloader } = await setUp({ 'weir.yaml': `\ufeff${AB}` }, { fail: () => fail() })
  fail = () => {
    throw new Error('out of luck')
  }
  t.match(await editor.remove('a'), { outcome: 'refused', problems: [{ message: 'out of luck' }] })
  t.equal(source.texts.get('weir.yaml'), `\ufeff${AB}`)
  t.equal(reloader.live.spec.endpoints.length, 2)
  fail = () => {}
  source.failure = new Error('no more space')
  t.match(await editor.remove('a'), { outcome: 'refused', problems: [{ message: 'no more space' }] })
  source.failure = undefined
  t.match(await editor.remove('a'), { outcome: 'applied' })
  t.match(source.texts.get('weir.yaml'), /^\ufeffendpoints:/, 'the byte order mark is kept')
  Object.assign(source, { write: undefined })
  t.match(await editor.remove('b'), { outcome: 'refused', reason: 'not_writable' })
})

t.test('secrets are shown masked, and survive being sent back', async (t) => {
  const { source, editor } = await setUp({
    'weir.yaml':
      'endpoints:\n  - name: a\n    targets:\n      - url: ${URL:-http://a}\n        weight: ${W:-3}\n      - url: http://b\n    filters:\n      auth: { secret: plain, token: "${SECRET:-x}" }\n',
  })
  const shown = (await editor.get('a'))!.entry
  t.strictSame(shown.filters, { auth: { secret: '***', token: '${SECRET:-***}' } })
  const before = source.texts.get('weir.yaml')
  t.match(await editor.change('a', shown), { outcome: 'unchanged' })
  t.equal(source.texts.get('weir.yaml'), before)
  const targets = [...(shown.targets as object[]), { url: 'http://c', weight: 2 }]
  t.match(await editor.change('a', { targets }), { outcome: 'applied', problems: [] })
  t.match(source.texts.get('weir.yaml'), 'url: "${URL:-http://a}"')
  t.strictSame((await editor.get('a'))!.entry.targets, targets)
  const masked = { filters: { auth: { secrets: ['***'] } } }
  t.match(await editor.change('a', masked), { outcome: 'refused', problems: [{ message: /masked/ }] })
})

t.test('what is no plain data of that size is refused', async (t) => {
  const { editor } = await setUp({ 'weir.yaml': AB })
  const loop: Record<string, unknown> = {}
  loop.loop = loop
  const wide = Array.from({ length: 50 }, () => 'x'.repeat(100))
  const bad: unknown[] = [
    loop,
    { x: new Date(0) },
    { x: () => 1 },
    { x: Number.NaN },
    { x: undefined },
    JSON.parse('{ "__proto__": { "x": 1 } }'),
    { x: Array.from({ length: 50 }, () => wide) },
    null,
    [],
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, 1])),
  ]
  for (const patch of bad) {
    t.match(await editor.change('a', patch), { outcome: 'refused', reason: 'invalid' })
    t.match(await editor.register(patch), { outcome: 'refused', reason: 'invalid' })
  }
})

t.test('a change names no files but those in use', async (t) => {
  const { source, editor } = await setUp(
    {
      'weir.yaml':
        'endpoints:\n  - name: a\n    url: http://a\n    filters:\n      proxy: { tls: { ca_file: named.pem } }\n      auth: { secret_file: my.key }\n',
    },
    { files: [resolve('used.pem')] },
  )
  const before = source.texts.get('weir.yaml')
  const auth = (options: object) => ({ filters: { auth: options } })
  for (const patch of [
    auth({ basic: { file: '/etc/shadow' } }),
    auth({ secret_file: ['my.key', 'used.pem/../other'] }),
    auth({ api_keys: { directory: '..' } }),
    { filters: { proxy: { tls: { ca_file: './missing.pem' } } } },
  ])
    t.match(await editor.change('a', patch), {
      outcome: 'refused',
      reason: 'invalid',
      problems: [{ path: /^filters\.(?:auth|proxy)\./, message: /this file is not in use/ }],
    })
  const entry = { name: 'b', url: 'http://b', ...auth({ public_key_file: '/etc/passwd' }) }
  t.match(await editor.register(entry), { problems: [{ path: 'filters.auth.public_key_file' }] })
  t.equal(source.texts.get('weir.yaml'), before)
  t.match(await editor.register({ ...entry, ...auth({ public_key_file: 'used.pem' }) }), { outcome: 'applied' })
  t.match(await editor.change('b', auth({ public_key_file: 'named.pem' })), { outcome: 'applied' })
  const shown = (await editor.get('a'))!.entry
  t.match(shown, auth({ secret_file: '***' }))
  t.match(await editor.change('a', { ...shown, timeout: '1s' }), { outcome: 'applied' }, 'what was there stays')
})
