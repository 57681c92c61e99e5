import t from 'tap'
import { connectionsFor, defaultMaxConnections, descriptorLimit } from '../../../core/http/descriptor-limit.ts'

t.test('the soft limit of the process', (t) => {
  const text =
    'Limit                     Soft Limit           Hard Limit           Units     \n' +
    'Max open files            1024                 524288               files     \n' +
    'Max locked memory         8388608              8388608              bytes     \n'
  t.equal(
    descriptorLimit(() => text),
    1024,
  )
  t.equal(
    descriptorLimit(() => text.replace('1024  ', 'unlimited')),
    undefined,
  )
  t.equal(
    descriptorLimit(() => {
      throw new Error('ENOENT')
    }),
    undefined,
    'where the system does not say',
  )
  t.end()
})

t.test('each connection of a client may cause one to an upstream, and some are kept', (t) => {
  t.equal(connectionsFor(1024), 496)
  t.equal(connectionsFor(64), 16)
  t.equal(connectionsFor(20), 1, 'at least one')
  t.equal(connectionsFor(undefined), Infinity)
  t.ok(defaultMaxConnections() >= 1)
  t.end()
})
