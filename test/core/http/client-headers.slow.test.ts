import fc from 'fast-check'
import t from 'tap'
import { CLIENT_CLAIMS, CONNECTION_FIELDS } from '../../../core/api/connection-fields.ts'
import { defineFilter } from '../../../core/index.ts'
import { startGateway } from '../../../core/testing.ts'
import { sendRaw } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

const claims = CLIENT_CLAIMS.flatMap((name) =>
  name.endsWith('*') ? [name.slice(0, -1), name.replace('*', 'q')] : [name],
)
const cleaned = [...claims, ...CONNECTION_FIELDS, 'proxy', 'proxy-authorization', 'x-user', 'undeclared']

/** A name that is cleaned, or nearly: in any case, with `_` for some `-`. */
const name = fc
  .tuple(
    fc.constantFrom(...cleaned, 'accept', 'cookie', 'x-other', 'a_b'),
    fc.array(fc.nat(9), { minLength: 30, maxLength: 30 }),
  )
  .map(([text, dice]) =>
    Array.from(text, (c, i) => {
      if (c === '-') return dice[i]! > 7 ? '_' : c
      return dice[i]! < 3 ? c.toUpperCase() : c
    }).join(''),
  )
const field = fc.oneof(
  { weight: 3, arbitrary: name.map((one) => `${one}: lie`) },
  { weight: 1, arbitrary: fc.array(name, { minLength: 1 }).map((names) => `Connection: ${names.join(', ')}`) },
)

t.test('whatever comes, no claim survives, and what a filter sets arrives', async (t) => {
  let seen: readonly string[] = []
  const upstream = await startUpstream((req, res) => {
    seen = req.rawHeaders
    res.end()
  })
  t.teardown(() => upstream.close())
  const sets = defineFilter({
    name: 'sets',
    apiVersion: 1,
    sets: () => [{ name: 'X-User' }],
    create: () => ({
      request({ request: { headers } }) {
        headers.add('X-User', 'alice')
        headers.set('Undeclared', 'kept')
        headers.set('X-Forwarded-Port', '443')
      },
    }),
  })
  for (const underscores of ['drop', 'allow']) {
    await using gateway = await startGateway(
      `client_headers: { underscores: ${underscores} }
filters: [sets, { route-match: { prefix: "" } }, proxy]
endpoints: [{ name: api, url: "${upstream.url}" }]
`,
      { filters: [sets] },
    )
    const asked = fc.asyncProperty(fc.array(field, { maxLength: 12 }), async (lines) => {
      // What would change the framing, or the protocol, is for other tests.
      const harmless = lines.filter((line) => !/^(?:transfer-encoding|upgrade|expect):/i.test(line))
      const head = ['GET /api HTTP/1.1', 'Host: a.test', ...harmless, 'Connection: close', '', ''].join('\r\n')
      const response = await sendRaw(gateway.port, head)
      if (!response.startsWith('HTTP/1.1 200')) throw new Error(response)
      const values = new Map<string, string[]>()
      for (let i = 0; i < seen.length; i += 2) {
        const key = seen[i]!.toLowerCase().replaceAll('_', '-')
        values.set(key, [...(values.get(key) ?? []), seen[i + 1]!])
      }
      for (const lower of [...claims, 'proxy', 'proxy-authorization', 'te', 'keep-alive', 'x-user'])
        if (values.get(lower)?.join().includes('lie')) throw new Error(`${lower} survived`)
      for (const [lower, value] of [
        ['x-user', 'alice'],
        ['undeclared', 'kept'],
        ['x-forwarded-port', '443'],
        ['x-forwarded-for', '127.0.0.1'],
        ['x-forwarded-proto', 'http'],
        ['x-real-ip', '127.0.0.1'],
        ['forwarded', 'for=127.0.0.1;host=a.test;proto=http'],
      ] as const)
        if (values.get(lower)?.join() !== value) throw new Error(`${lower}: ${values.get(lower)}`)
    })
    await fc.assert(asked, { numRuns: 150 })
  }
})
