import t from 'tap'
import { inFolder, weir } from './support.ts'

const ENDPOINT = 'endpoints: [{ name: a, url: "http://a" }]\n'

t.test('validate', async (t) => {
  inFolder(t, {
    'weir.yaml': ENDPOINT,
    'warned.yaml': `${ENDPOINT}metrics_enabled: true\nfilters: [route-match, proxy]\n`,
  })
  t.strictSame((await weir(['validate', '--json'])).json(), {
    file: 'weir.yaml',
    valid: true,
    endpoints: 1,
    listeners: 2,
    problems: [],
  })
  const warned = await weir(['validate', 'warned.yaml'])
  t.match(warned.err, /^warning: warned\.yaml:2:1 metrics_enabled: this has no effect/)
  t.match(warned.out, /^warned\.yaml is valid: 1 endpoint, 2 listeners\n$/)
  const json = await weir(['validate', '-c', 'warned.yaml', '--json'])
  t.match(json.json(), { valid: true, problems: [{ severity: 'warning', file: 'warned.yaml', line: 2, col: 1 }] })
  t.equal(json.err, '')
})
