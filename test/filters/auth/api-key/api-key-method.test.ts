import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Exchange } from '../../../../core/api/exchange.ts'
import { defineFilter } from '../../../../core/index.ts'
import { exchange, FilterBench, ManualClock } from '../../../../core/testing.ts'
import { ApiKeyMethod, apiKeyMethod } from '../../../../filters/auth/api-key/api-key-method.ts'
import { apiKeysOptions } from '../../../../filters/auth/api-key/api-keys-options.ts'
import type { CredentialSource } from '../../../../filters/auth/credential-sources.ts'
import { folder } from '../../../support/process.ts'
import { KEY, load, OTHER_KEY, sha256 } from './support.ts'

const sources: readonly CredentialSource[] = [
  { kind: 'header', name: 'X-API-Key', scheme: undefined },
  { kind: 'query', name: 'api_key' },
]
const request = (key?: string): Exchange => exchange(key === undefined ? {} : { headers: { 'X-API-Key': key } })

async function method(entries: readonly object[], clock = new ManualClock()): Promise<ApiKeyMethod> {
  return new ApiKeyMethod({ keys: await load({ keys: entries }), sources }, clock)
}

t.test('a key proves who calls', async (t) => {
  const of = await method([
    { id: 'a', hash: sha256(KEY), owner: 'Ann', roles: ['clerk'] },
    { id: 'b', hash: sha256(OTHER_KEY), endpoints: ['v1/orders'] },
  ])
  t.equal(of.name, 'api_key')
  t.equal(of.sources, sources)
  const proof = of.prove(request(KEY))
  t.equal(proof.by, of)
  t.match(proof.identity, { subject: 'Ann', scheme: 'api_key', roles: ['clerk'], claims: { key_id: 'a' } })
  t.equal('endpoints' in proof && proof.endpoints, undefined)
  t.equal(of.prove(request(KEY)).identity, proof.identity, 'one identity per key')
  const limited = of.prove(request(OTHER_KEY))
  t.strictSame('endpoints' in limited && limited.endpoints, new Set(['v1/orders']))
  t.equal(limited.identity?.subject, 'b')
})

t.test('why a key proves nothing', async (t) => {
  const clock = new ManualClock()
  const of = await method(
    [
      { id: 'a', hash: sha256(KEY), disabled: true, expires: '2020-01-01' },
      { id: 'b', hash: sha256(OTHER_KEY), expires: '2026-01-01T00:00:10Z' },
    ],
    clock,
  )
  const problem = (key?: string): unknown => {
    const proof = of.prove(request(key))
    t.equal(proof.by, of)
    return proof.identity === undefined ? proof.problem : proof.identity.subject
  }
  t.equal(problem(), 'api_key_missing')
  t.equal(problem('weir_no-such-key'), 'api_key_invalid')
  t.equal(problem(''), 'api_key_invalid')
  t.equal(problem('short'), 'api_key_invalid')
  t.equal(problem('x'.repeat(9000)), 'api_key_invalid')
  t.equal(problem('caf\u00e9-cafe-cafe'), 'api_key_invalid')
  t.equal(problem(KEY), 'api_key_invalid', 'disabled: as if it were not there, expired or not')
  t.equal(problem(OTHER_KEY), 'b')
  clock.advance(9999)
  t.equal(problem(OTHER_KEY), 'b')
  clock.advance(1)
  t.equal(problem(OTHER_KEY), 'api_key_expired', 'from that moment on')
  t.equal(of.prove(request()), of.prove(request()), 'one failure per problem')
})

t.test('where the key is', async (t) => {
  const of = await method([{ id: 'a', hash: sha256(KEY) }])
  const x = exchange({ path: `/?a=1&api_key=${KEY}` })
  t.equal(of.prove(x).identity?.subject, 'a')
  t.equal(x.request.query, '?a=1', 'not for the upstream')
  const twice = of.prove(exchange({ headers: { 'x-api-key': [KEY, KEY] } }))
  t.equal('problem' in twice && twice.problem, 'credentials_malformed')
  const bearer = of.prove(exchange({ headers: { Authorization: `Bearer ${KEY}` } }))
  t.equal('problem' in bearer && bearer.problem, 'api_key_missing')
})

t.test('instances with equal options and files share a method', async (t) => {
  const entry = (id: string, key: string) => `- { id: ${id}, hash: "${sha256(key)}" }\n`
  const baseDir = await folder(t, { 'keys.yaml': entry('a', KEY) })
  const made: ApiKeyMethod[] = []
  const keyed = defineFilter({
    name: 'keyed',
    apiVersion: 1,
    options: apiKeysOptions,
    create: async (options, env) => {
      made.push(await apiKeyMethod(options, env))
      return {}
    },
  })
  const bench = new FilterBench()
  const make = (options: Record<string, unknown>) => bench.make(keyed, options, { baseDir })
  await make({ file: 'keys.yaml' })
  await make({ file: 'keys.yaml', from: [{ header: 'x-api-key' }] })
  await make({ file: 'keys.yaml', from: [{ cookie: 'key' }] })
  t.equal(made[0], made[1])
  t.not(made[0], made[2])
  await writeFile(join(baseDir, 'keys.yaml'), entry('b', OTHER_KEY))
  await make({ file: 'keys.yaml' })
  t.not(made[3], made[0])
  t.equal(made[3]!.prove(request(OTHER_KEY)).identity?.subject, 'b')
  t.equal(made[3]!.prove(request(KEY)).identity, undefined)
  await writeFile(join(baseDir, 'keys.yaml'), '- id: c\n  hash: "sha256')
  await t.rejects(make({ file: 'keys.yaml' }), { message: /^keys\.yaml:2: not valid YAML: / })
  t.equal(made[0]!.prove(request(KEY)).identity?.subject, 'a', 'what runs goes on')
})
