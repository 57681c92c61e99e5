import t from 'tap'
import { inFolder, weir } from './support.ts'

const ENDPOINT = 'endpoints: [{ name: a, url: "http://a" }]\n'

t.test('print-schema', async (t) => {
  const { out } = await weir(['print-schema'])
  t.match(JSON.parse(out), { $schema: /2020-12/, properties: { endpoints: {} } })
  t.match((await weir(['print-schema', '--markdown'])).out, /\n# /)
  inFolder(t, {
    'weir.yaml': `plugins: [./own.ts]\n${ENDPOINT}`,
    'own.ts': "export default { name: 'own', apiVersion: 1, create: () => ({}) }\n",
  })
  t.ok('own-options' in JSON.parse((await weir(['print-schema', '--config', 'weir.yaml'])).out).$defs)
})
