import t from 'tap'
import { dispatch } from '../../../config/commands/dispatch.ts'
import { HOST } from '../../../core/main/run-command.ts'
import { tokenCommand } from '../../../core/main/token-command.ts'
import { folder } from '../../support/process.ts'

async function token(...args: string[]) {
  let out = ''
  let err = ''
  const code = await dispatch(['token', ...args], [tokenCommand], HOST, {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    style: { colour: false, excerpts: false },
  })
  return { code, out, err }
}

t.test('wrong usage', async (t) => {
  const cases: [args: string[], err: RegExp][] = [
    [[], /^weir: ACTION is missing\n/],
    [
      ['isue'],
      /^weir: expected hash-password, .* or rotate-keys after "token"\. Did you mean "issue"\?\n\nUsage: weir token ACTION/,
    ],
    [['constructor'], /^weir: expected hash-password/],
    [['eyJhbGciOi.secret.secret'], /^weir: expected hash-password, .* after "token"\.\n/],
    [['hash-password', 'secret-hunter2'], /^weir: a password on the command line is seen by every user of the machine/],
    [['inspect', 'secret.x.y'], /^weir: a token on the command line is seen by every user of the machine/],
    [['verify', 'secret.x.y'], /^weir: a token on the command line/],
    [['issue', '-'], /^weir: "weir token issue" takes nothing but options\n/],
    [['rotate-keys', 'secret'], /^weir: "weir token rotate-keys" takes nothing but options\n/],
    [['inspect', '--config', 'x'], /^weir: --config is no option of "weir token inspect"\n/],
    [['rotate-keys', '--sub', 'ann'], /^weir: --sub is no option of "weir token rotate-keys"\n/],
    [['issue'], /^weir: --sub is missing/],
    [['issue', '--sub', 'ann', '--ttl', '2d'], /^weir: --ttl: expected/],
  ]
  for (const [args, err] of cases) {
    const said = await token(...args)
    t.strictSame([said.code, said.out], [2, ''], args.join(' '))
    t.match(said.err, err, args.join(' '))
    t.notMatch(said.err.split('\n')[0], /secret/, 'and repeats no secret')
  }
})

t.test('a gateway that issues no tokens', async (t) => {
  const dir = await folder(t, { 'weir.yaml': 'endpoints: [{ name: a, url: "http://127.0.0.1:1" }]\n' })
  const config = ['--config', `${dir}/weir.yaml`]
  for (const args of [['issue', '--sub', 'ann'], ['rotate-keys'], ['verify']]) {
    const said = await token(...args, ...config)
    t.strictSame([said.code, said.out], [78, ''])
    t.match(said.err, /the gateway issues no tokens: set tokens/)
  }
  t.match(await token('rotate-keys', '--config', `${dir}/none.yaml`), { code: 78, out: '' })
})

t.test('help', async (t) => {
  const { code, out } = await token('--help')
  t.equal(code, 0)
  t.match(
    out,
    /^Usage: weir token ACTION \[-\] \[options\]\n[\s\S]*--ttl TIME[\s\S]*\nExamples:\n {2}weir token hash-password/,
  )
  t.ok(out.split('\n').every((line) => line.length <= 120))
})
