import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import t from 'tap'
import { startGateway } from '../../../core/testing.ts'
import { authorities } from '../../../filters/proxy/authorities.ts'
import { startUpstream } from '../../support/upstream.ts'

const [first, second] = rootCertificates as [string, string]

t.test('a bundle with comments, and in the forms that environments make of it', async (t) => {
  const both = [first, second].map((pem) => new X509Certificate(pem).toString()).join('')
  t.equal(authorities(`# authorities\n\n${first}\r\n# another\n${second}`, 'ca.pem'), both)
  t.equal(authorities(`${first}\n${second}`.replaceAll('\n', '\\n'), 'ca.pem'), both)
  t.equal(authorities(Buffer.from(both).toString('base64'), 'ca.pem'), both)
})

t.test('anything that is no whole certificate is an error', async (t) => {
  const cases: [text: string, message: RegExp][] = [
    ['', /^tls.ca_file "ca.pem": there is no certificate in it/],
    ['not a certificate', /there is no certificate in it/],
    [`${first}\n${second.slice(0, 300)}`, /block 2, CERTIFICATE, has no END line/],
    [`${first}\n${second.replace(/\n[^\n]+\n/, '\n')}`, /block 2 is no valid certificate/],
    [`${first}\n${second.replaceAll('CERTIFICATE', 'PRIVATE KEY')}`, /block 2 is of type PRIVATE KEY/],
    [second.slice(100), /an END line without its BEGIN line/],
  ]
  for (const [text, message] of cases) t.throws(() => authorities(text, 'ca.pem'), { message })
})

t.test('a bundle that is half written fails the load, and the old one goes on', async (t) => {
  const upstream = await startUpstream((_request, response) => void response.end('fine'))
  t.teardown(() => upstream.close())
  const dir = t.testdir({ 'whole.pem': `${first}\n${second}`, 'half.pem': `${first}\n${second.slice(0, 300)}` })
  const yaml = (file: string): string =>
    `listen: 127.0.0.1:0\nendpoints:\n  - name: up\n    version: v1\n    url: ${upstream.url}\n    filters: { proxy: { tls: { ca_file: ${file} } } }\n`
  await using gateway = await startGateway(yaml('whole.pem'), { dir })
  await t.rejects(gateway.reload(yaml('half.pem')), /weir.yaml:6:.* "half.pem": block 2, CERTIFICATE, has no END line/)
  t.equal((await gateway.inject({ path: '/orchestrator/v1/up/' })).status, 200)
})
