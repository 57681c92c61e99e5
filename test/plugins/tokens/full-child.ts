// Logs users in where the disk takes no more from some moment on; prints what came of it as JSON.
import { Bench, issued, SECRET, settingsIn, told } from './support.ts'

process.on('SIGXFSZ', () => {})
const bench = new Bench(await settingsIn(process.argv[2]!))
await bench.issuer.start()
const login = { grant_type: 'password', username: 'ann', password: 'correct horse' }
const kept = await bench.login()
let reply = await bench.form('token', login)
for (let i = 0; i < 100 && reply.status === 200; i++) {
  bench.clock.advance(1000)
  reply = await bench.form('token', login)
}
const sessions = bench.meter.value('weir_token_sessions')
const results: Record<string, unknown> = {
  login: told(reply),
  retryAfter: reply.headers['Retry-After'],
  unchanged: told(await bench.form('token', login)) !== '200' && bench.meter.value('weir_token_sessions') === sessions,
  client: told(
    await bench.form('token', { grant_type: 'client_credentials', client_id: 'batch', client_secret: SECRET }),
  ),
}
// Short records may still fit: until they do not.
let { refresh } = kept
for (let i = 0; i < 20; i++) {
  const next = await bench.refresh(refresh)
  results.refresh = told(next)
  if (next.status !== 200) break
  refresh = issued(next).refresh
}
results.revoke = told(await bench.form('revoke', { token: kept.refresh }))
await bench.issuer.stop()
console.log(JSON.stringify({ ...results, token: refresh, sid: kept.claims.sid }))
