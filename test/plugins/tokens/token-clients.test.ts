import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { hasSecret, readClients } from '../../../plugins/tokens/token-clients.ts'
import { folder } from './support.ts'

const settings = (id: string, secretFile: string) => ({ id, secretFile, scopes: ['a'], roles: ['r'] })

t.test('the secret of a file, without one line break at its end', async (t) => {
  const file = join(await folder(t), 'secret')
  for (const end of ['', '\n', '\r\n']) {
    await writeFile(file, `0123456789abcdé${end}`, { mode: 0o600 })
    const client = (await readClients([settings('batch', file)])).get('batch')
    t.match(client, { id: 'batch', scopes: ['a'], roles: ['r'] })
    t.ok(hasSecret(client, ['0123456789abcdé']))
    t.ok(hasSecret(client, ['wrong', '0123456789abcdé']))
    t.notOk(hasSecret(client, ['0123456789abcd', '', 'wrong']))
  }
  t.notOk(hasSecret(undefined, ['', '\0'.repeat(32)]))
})

t.test('what is refused, without the secret', async (t) => {
  const file = join(await folder(t), 'secret')
  await writeFile(file, 'too short\n', { mode: 0o600 })
  const wrong = async (...all: Parameters<typeof readClients>) => readClients(...all).then(() => 'read', String)
  const thrown = await wrong([settings('batch', file)])
  t.match(thrown, /client "batch", ".*secret": the secret has 9 bytes/)
  t.notMatch(thrown, 'too short')
  await writeFile(file, 'x'.repeat(2000))
  t.match(await wrong([settings('batch', file)]), /larger/)
  await writeFile(file, 'x'.repeat(20))
  t.match(await wrong([settings('a', file), settings('a', file)]), /"a".*twice/)
  t.match(await wrong([settings('a\n', file)]), /control characters/)
  await chmod(file, 0o604)
  t.match(await wrong([settings('batch', file)]), /chmod 600/)
  t.match(await wrong([settings('batch', `${file}.none`)]), /secret\.none/)
  t.match(await wrong([settings('batch', join(file, '..'))]), /no ordinary file/)
})
