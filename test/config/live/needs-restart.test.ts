import t from 'tap'
import { restartProblems } from '../../../config/live/needs-restart.ts'
import { parse } from '../support.ts'

t.test('what is read at the start alone, and nothing else', async (t) => {
  const settings = (text: string) => parse(`listen: 8000\n${text}`).settings
  const live = settings('tracing: { enabled: true }\n')
  t.strictSame(restartProblems(live, settings('debug: true\ntracing: { enabled: true }\n')), [])
  t.strictSame(restartProblems(live, settings('tracing: { enabled: false }\n')), [
    {
      path: ['tracing'],
      message: '"tracing" changes only with a restart; nothing of this configuration was applied',
    },
  ])
})

t.test('of tokens: whether there are any, who issues them, and where keys and state are', async (t) => {
  const settings = (tokens: string) => parse(`tokens: ${tokens}\n`).settings
  const changed = (next: string) =>
    restartProblems(settings('{ issuer: "https://a.test" }'), settings(next)).map(({ path }) => path.join('.'))
  t.strictSame(
    changed('{ issuer: "https://a.test", access_ttl: 1m, algorithm: RS256, audience: a, users_file: u }'),
    [],
  )
  t.strictSame(changed('{ issuer: "https://a.test", serve: { prefix: /b }, clients: [{ id: a, secret_file: b }] }'), [])
  t.strictSame(changed('off'), ['tokens'])
  t.strictSame(changed('{ issuer: "https://b.test" }'), ['tokens.issuer'])
  t.strictSame(changed('{ issuer: "https://a.test", keys_dir: b/c }'), ['tokens.keys_dir', 'tokens.state_file'])
  t.strictSame(changed('{ issuer: "https://a.test", state_file: b }'), ['tokens.state_file'])
  t.strictSame(restartProblems(settings('off'), settings('off')), [])
  t.match(restartProblems(settings('off'), settings('{ issuer: "https://a.test" }')), [
    { path: ['tokens'], message: /^"tokens" changes only with a restart/ },
  ])
})
