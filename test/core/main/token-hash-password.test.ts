import { Readable } from 'node:stream'
import t from 'tap'
import { passwordHash } from '../../../core/base/password-hash.ts'
import { hashPassword } from '../../../core/main/token-hash-password.ts'

const hash = (text: string | Uint8Array) =>
  hashPassword(Readable.from([Buffer.from(text as string)]) as unknown as NodeJS.ReadStream)

t.test('a hash that the gateway reads, another one each time', async (t) => {
  const { text, data } = await hash('correct hörse\n')
  t.equal(text, `${data?.hash}\n`)
  t.match(data?.hash, /^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  const read = passwordHash(String(data?.hash))
  t.equal(await read.matches('correct hörse'), true)
  t.equal(await read.matches('correct hörse\n'), false)
  t.equal(await read.matches('correct horse'), false)
  t.not((await hash('correct hörse')).text, text)
})

t.test('what is no password', async (t) => {
  for (const text of ['', '\n', 'a\nb\n', 'a\tb', 'a\u0000b', 'x'.repeat(1025)])
    await t.rejects(hash(text), { message: /^standard input holds no password: expected one line of 1 to 1,024 bytes/ })
  await t.rejects(hash(Buffer.from([0xff])), { message: /^standard input holds no password/ })
  await t.resolves(hash('x'.repeat(1024)))
})
