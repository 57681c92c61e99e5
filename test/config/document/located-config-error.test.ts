import t from 'tap'
import { LocatedConfigError } from '../../../config/document/located-config-error.ts'
import { parseConfig } from '../../../config/live/config-loader.ts'

t.test('the error carries the problems by path, for whoever wants them as data', async (t) => {
  try {
    parseConfig('listen: x', { file: 'w', env: {} })
    t.fail('loaded')
  } catch (error) {
    t.ok(error instanceof LocatedConfigError)
    t.match(error, { name: 'LocatedConfigError', problems: [{ path: ['listen'] }], document: { main: { name: 'w' } } })
  }
})
