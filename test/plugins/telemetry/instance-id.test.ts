import { hostname } from 'node:os'
import t from 'tap'
import { instanceId, withInstanceId } from '../../../plugins/telemetry/instance-id.ts'

t.test('the id has the host, the process of the gateway, and the number of the worker', async (t) => {
  t.equal(instanceId(undefined), `${hostname()}/${process.pid}`)
  t.equal(instanceId(3), `${hostname()}/${process.ppid}/3`)
  t.equal(instanceId(undefined, 'given'), 'given')
  t.equal(instanceId(3, 'given'), 'given/3')
})

t.test('it is among the attributes, and what the operator gives is its beginning', async (t) => {
  const own = `service.instance.id=${encodeURIComponent(instanceId(2))}`
  const table: [given: string | undefined, expected: string][] = [
    [undefined, own],
    ['a=b', `a=b,${own}`],
    ['a=b,service.instance.id=blue%2C1', 'a=b,service.instance.id=blue%2C1,service.instance.id=blue%2C1%2F2'],
    [
      'service.instance.id=x, service.instance.id = y',
      'service.instance.id=x, service.instance.id = y,service.instance.id=y%2F2',
    ],
    ['service.instance.id=', `service.instance.id=,${own}`],
    ['a=b=c', own],
    ['a=%', own],
  ]
  for (const [given, expected] of table) {
    const variables: Record<string, string> = given === undefined ? {} : { OTEL_RESOURCE_ATTRIBUTES: given }
    t.equal(withInstanceId(variables, 2).OTEL_RESOURCE_ATTRIBUTES, expected, String(given))
  }
})

t.test('no other id is made, and attributes are read', async (t) => {
  const table: [given: string | undefined, expected: string][] = [
    [undefined, 'env'],
    ['env,serviceinstance', 'env'],
    ['serviceinstance', 'env'],
    ['host, env', 'host,env'],
    ['all', 'host,os,process,env'],
    ['none', 'none'],
  ]
  for (const [given, expected] of table) {
    const variables: Record<string, string> = given === undefined ? {} : { OTEL_NODE_RESOURCE_DETECTORS: given }
    t.equal(withInstanceId(variables, 2).OTEL_NODE_RESOURCE_DETECTORS, expected, String(given))
  }
})
