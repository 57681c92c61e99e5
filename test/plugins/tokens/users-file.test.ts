import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readUsers } from '../../../plugins/tokens/users-file.ts'
import { folder, HORSE, USERS } from './support.ts'

t.test('users with their hashes', async (t) => {
  const file = join(await folder(t), 'users.yaml')
  await writeFile(file, USERS)
  const users = await readUsers(file)
  t.strictSame([...users.keys()], ['ann', 'bob'])
  t.match(users.get('ann'), { roles: ['clerk'], scopes: ['orders:read', 'orders:write'], hashText: HORSE })
  t.strictSame(users.get('bob')!.roles, [])
  t.ok(await users.get('ann')!.hash.matches('correct horse'))
  t.notOk(await users.get('ann')!.hash.matches('wrong'))
  await writeFile(file, '[]')
  t.equal((await readUsers(file)).size, 0)
})

t.test('what is wrong is said with its line, and without hashes', async (t) => {
  const file = join(await folder(t), 'users.yaml')
  const hash = `"${HORSE}"`
  const bad: [RegExp, string][] = [
    [/expected a list/, ''],
    [/expected a list/, 'users: []'],
    [/:3: not valid YAML/, '- a: 1\n- b: [\n'],
    [/:2: .*twice/, `- { name: ann, password: ${hash} }\n- { name: ann, password: ${hash} }`],
    [/:1: not valid YAML/, `- { name: ann, name: bob, password: ${hash} }`],
    [/:1: "password"/, '- { name: ann }'],
    [/:1: the user "ann": the password is plain text/, '- { name: ann, password: hunter2secret }'],
    [/:1: "name": a name has no colon/, `- { name: "a:b", password: ${hash} }`],
    [/:1: "name": a name has/, `- { name: "a\\nb", password: ${hash} }`],
    [/:1: .*rol/, `- { name: ann, password: ${hash}, rol: [x] }`],
    [/:1: "scopes.0"/, `- { name: ann, password: ${hash}, scopes: ["a b"] }`],
    [/aliases/, `- &a { name: ann, password: ${hash} }\n- *a`],
    [/:1: /, '- text'],
  ]
  for (const [message, text] of bad) {
    await writeFile(file, text)
    const thrown = await readUsers(file).then(() => 'read', String)
    t.match(thrown, message)
    t.match(thrown, 'users.yaml')
    t.notMatch(thrown, /hunter2|\$2[by]\$/)
  }
  await writeFile(file, Buffer.from([0xff]))
  await t.rejects(readUsers(file), /cannot read the users/)
  await t.rejects(readUsers(`${file}.none`), /users\.yaml\.none/)
})
