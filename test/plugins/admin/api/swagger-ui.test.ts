import t from 'tap'
import { startAdmin } from '../../../support/admin-client.ts'

t.test('the page and its files', async (t) => {
  const { admin } = await startAdmin(t)
  const page = await admin.ask('GET /docs')
  t.match(page, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } })
  const policy = String(page.headers['content-security-policy'])
  t.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
  t.notMatch(policy, /unsafe|https?:|\*/)
  const files = Array.from(page.body.matchAll(/(?:src|href)="(docs\/[^"]+)"/g), ([, file]) => file!)
  t.equal(files.length, 4)
  for (const file of files) t.match(await admin.ask(`GET /${file}`), { status: 200 }, file)
  for (const file of ['index.html', 'swagger-ui.js.map', '..%2f..%2fapi-table.ts', 'package.json'])
    t.equal((await admin.ask(`GET /docs/${file}`)).status, 404, file)
})
