import t from 'tap'
import { inFolder, weir } from './support.ts'

const ENDPOINT = 'endpoints: [{ name: a, url: "http://a" }]\n'

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
