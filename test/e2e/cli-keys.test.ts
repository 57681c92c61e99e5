import { spawnSync } from 'node:child_process'
import t from 'tap'
import { folder, LAUNCH } from '../support/process.ts'

const KEY = 'abcdefgh'
const HASH = 'sha256:nFbMUbN0w7oYkhDVttS_V3kNNRyWxHwCGQ7PHkMGNas'
const SECRET = 'a secret of the gateway with 32 bytes or more\n'

function weir(cwd: string, args: readonly string[], input = ''): { code: number | null; out: string; err: string } {
  const options = { cwd, env: { PATH: process.env.PATH ?? '' }, encoding: 'utf8', input, timeout: 20_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCH, ...args], options)
  return { code: status, out: stdout, err: stderr }
}

t.test('keys new and keys hash agree', async (t) => {
  const cwd = await folder(t, { secret: SECRET })
  for (const more of [[], ['--secret-file', 'secret']]) {
    const made = weir(cwd, ['keys', 'new', '--id', 'a', '--json', ...more])
    t.strictSame([made.code, made.err], [0, ''])
    const { key, entry } = JSON.parse(made.out)
    t.strictSame(weir(cwd, ['keys', 'hash', ...more], `${key}\n`), { code: 0, out: `${entry.hash}\n`, err: '' })
  }
})

t.test('keys hash takes one key from standard input', async (t) => {
  const cwd = await folder(t)
  t.match(weir(cwd, ['keys', 'hash', '-', '--json'], `${KEY}\r\n`), { code: 0, out: `"${HASH}"`, err: '' })
  for (const input of ['', `${KEY}\n${KEY}\n`, 'x'.repeat(100_000)])
    t.strictSame(weir(cwd, ['keys', 'hash'], input), {
      code: 1,
      out: '',
      err: 'weir: standard input holds no key: a key has 8 to 512 characters of visible ASCII, without spaces, in one line\n',
    })
})

t.test('weir help lists the command', async (t) => {
  t.match(weir(await folder(t), ['help']).out, /^ {2}keys new\|hash \[-\] +make an API key, or the hash of one/m)
})
