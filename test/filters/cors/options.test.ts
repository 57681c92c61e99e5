import t from 'tap'
import { startGateway } from '../../../core/testing.ts'

const ENDPOINT = 'endpoints: [{ name: api, url: "http://127.0.0.1:1" }]'

/** The problems of a load, without the name of the file. */
async function problems(options: string): Promise<string[]> {
  const yaml = `filters:\n  - cors: ${options}\n  - route-match\n  - proxy\n${ENDPOINT}\n`
  const gateway = await startGateway(yaml).catch((error: unknown) => error as Error)
  if (gateway instanceof Error) return gateway.message.split('\n').map((line) => line.replace(/^\S*weir\.yaml:/, ''))
  await gateway.close()
  return []
}

t.test('what loads', async (t) => {
  for (const options of [
    '{ origins: [https://app.example.com, "https://*.example.org"], credentials: true, max_age: 1h }',
    '{ origins: ["*"] }',
    '{ origins: ["*"], expose_headers: ["*"] }',
    '{ origins: ["null"] }',
    '{ origins: ["https://*.internal"] }',
    '{ origins: ["https://*.example.co.uk"], credentials: true, enforce_origin: true }',
    '{ origins: [https://a.test], methods: [], headers: [], max_age: 0, private_network: true }',
  ])
    t.strictSame(await problems(options), [], options)
})

t.test('a configuration that would let every site act as its visitors does not load', async (t) => {
  const cases: [origins: string, message: RegExp][] = [
    ['["*"]', /^2:23 .*origins\[0\]: with credentials "\*" .*name the origins, or take "credentials" out, found/],
    ['[https://a.test, "null"]', /^2:39 .*origins\[1\]: with credentials "null" .*take it out/],
    ['["https://*.com"]', /^2:23 .*origins\[0\]: with credentials "https:\/\/\*\.com" .*two names or more/],
    ['["http://*.localhost:3000"]', /two names or more/],
    ['["https://*.com."]', /two names or more/],
    ['["https://*"]', /the only pattern is/],
    ['["https://*.*"]', /the only pattern is/],
    ['["*://*.example.org"]', /expected a scheme/],
  ]
  for (const [origins, message] of cases) {
    t.match(await problems(`{ origins: ${origins}, credentials: true }`), [message], origins)
  }
})

t.test('credentials of the endpoint, origins of the chain', async (t) => {
  const yaml = `filters: [cors: { origins: ["*"] }, route-match, proxy]
endpoints:
  - name: api
    url: http://127.0.0.1:1
    filters:
      cors: { credentials: true }
`
  await t.rejects(startGateway(yaml), { message: /with credentials "\*" would let every site act as its visitors/ })
})

t.test('mistakes', async (t) => {
  const cases: [options: string, message: RegExp][] = [
    ['{}', /origins/],
    ['{ origins: [] }', /expected at least one origin/],
    ['{ origins: [null] }', /in quotes: "null"/],
    ['{ origins: [api.example.com] }', /^2:23 .*such as https:\/\/api\.example\.com, found/],
    ['{ origins: [https://a.test, "*"] }', /^2:39 .*take the others out/],
    ['{ origins: ["*"], enforce_origin: true }', /would refuse none: name the origins/],
    ['{ origins: [https://a.test], methods: ["*"] }', /list the methods by name/],
    ['{ origins: [https://a.test], methods: [trace] }', /browsers let no page send/],
    ['{ origins: [https://a.test], methods: ["A B"] }', /expected a method/],
    ['{ origins: [https://a.test], headers: ["*"] }', /leave "headers" out/],
    ['{ origins: [https://a.test], headers: ["x:"] }', /expected the name of a header field/],
    ['{ origins: [https://a.test], credentials: true, expose_headers: ["*"] }', /no wildcard/],
    ['{ origins: [https://a.test], max_age: soon }', /expected a duration/],
    ['{ origin: [https://a.test] }', /Did you mean "origins"/],
  ]
  for (const [options, message] of cases) t.match((await problems(options)).join('\n'), message, options)
})
