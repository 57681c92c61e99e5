import t from 'tap'
import { endsWithFilter, isSecretBelow, isSecretPath } from '../../../config/document/secret-path.ts'
import type { Path } from '../../../core/control/config-error.ts'

t.test('a secret name anywhere in a path makes what stands there secret', async (t) => {
  const secret: Path[] = [
    ['secret'],
    ['filters', 0, 'auth', 'secret'],
    ['filters', 0, 'options', 'tokens', 3],
    ['health_check', 'headers', 'authorization'],
    ['endpoints', 0, 'filters', 'auth', 'secrets', 'a', 'b'],
    ['x', 'filters', 'token', 'rate'],
    ['endpoints', 0, 'filters', 'token'],
    ['filters', 0, 'token'],
  ]
  for (const path of secret) t.ok(isSecretPath(path), path.join('.'))
  for (const path of [[], ['listen'], ['endpoints', 0, 'url'], ['filters', 0, 'auth', 'issuer']] as Path[])
    t.notOk(isSecretPath(path), path.join('.'))
})

t.test('the name of a filter makes nothing below it secret', async (t) => {
  const filters: Path[] = [
    ['filters', 0, 'api-key'],
    ['admin', 'filters', 0, 'api-key'],
    ['endpoints', 0, 'filters', 'api-key'],
    ['groups', 'public', 'api-key'],
  ]
  for (const path of filters) {
    t.ok(endsWithFilter(path), path.join('.'))
    t.notOk(isSecretPath([...path, 'rate']))
    t.notOk(isSecretBelow(path))
    t.ok(isSecretBelow([...path, 'secret']))
    t.ok(isSecretPath([...path, 'secret']))
  }
  for (const path of [[], ['filters'], ['filters', 0], ['endpoints', 0, 'x', 'api-key'], ['a', 0, 'api-key']] as Path[])
    t.notOk(endsWithFilter(path), path.join('.'))
})
