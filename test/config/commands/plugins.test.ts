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
  t.match(out, /^auth \(built in\)\n {2}Verifies who calls[^\n]*\n {4}issuer +text +Value that `iss`/m)
  t.match(out, /^ {4}reset_timeout +duration +60s /m)
  t.match(out, /^own \(\.\/own\.ts\)\n$/m)
  const wrong = await weir(['plugins', 'wrong.yaml'])
  t.equal(wrong.code, 78)
  t.match(wrong.err, /could not be loaded/)
  inFolder(t)
  t.equal((await weir(['plugins'])).code, 0, 'and needs no configuration')
  t.equal((await weir(['plugins', 'weir.yaml'])).code, 78, 'unless one is named')
})

t.test('plugins says where each filter is on', async (t) => {
  const names = ['b', 'c', 'd', 'e', 'f', 'g', 'h']
  const endpoints = names.map((name) => `  - { name: ${name}, url: "http://h", filters: { breaker: off } }\n`)
  inFolder(t, {
    'weir.yaml': `filters: [route-match, { body-limit: off }, breaker, proxy]
groups: { small: { body-limit: on } }
endpoints:
  - { name: a, url: "http://h", use: [small] }
${endpoints.join('')}  - { name: i, url: "http://h", filters: { body-limit: { max_size: 1 } } }
`,
  })
  const { out } = await weir(['plugins'])
  t.match(out, /^ {2}"body-limit" of proxy: off; on at a \(group small\), i$/m)
  t.match(out, /^ {2}"breaker" of proxy: on; off at b, c, d, e, f and 2 more$/m)
  t.match(out, /^ {2}"admin" of admin: on$/m)
  const { filters } = (await weir(['plugins', '--json'])).json() as { filters: { name: string }[] }
  t.match(
    filters.find(({ name }) => name === 'body-limit'),
    {
      chains: [
        {
          listener: 'proxy',
          name: 'body-limit',
          on: false,
          except: [
            { endpoint: 'a', by: 'group small' },
            { endpoint: 'i', by: 'endpoint' },
          ],
        },
      ],
    },
  )
})
