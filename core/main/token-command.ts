import {
  type Arguments,
  CONFIG_OPTION,
  type Command,
  type CommandResult,
  DEFAULT_FILE,
  JSON_OPTION,
  Misuse,
} from '../../config/commands/command.ts'
import { systemClock } from '../base/clock.ts'
import { didYouMean } from '../base/suggest.ts'
import { hashPassword } from './token-hash-password.ts'
import { issueOptions, issueToken } from './token-issue.ts'
import { rotateKeys } from './token-rotate-keys.ts'
import { tokenSettings } from './token-setup.ts'
import { tokenFrom, tokenText } from './token-text.ts'
import { verifyToken } from './token-verify.ts'

interface Action {
  /** Those that it has beside `json`. */
  readonly options: readonly string[]
  /** What it reads from standard input, if anything. */
  readonly reads?: string
  run(args: Arguments): Promise<CommandResult>
}

const settingsIn = ({ values }: Arguments) => tokenSettings((values.config as string | undefined) ?? DEFAULT_FILE)

const ACTIONS: Readonly<Record<string, Action>> = {
  'hash-password': { options: [], reads: 'password', run: () => hashPassword(process.stdin) },
  inspect: {
    options: [],
    reads: 'token',
    async run() {
      const token = await tokenFrom(process.stdin)
      const { header, claims } = token
      return {
        text: `${NOT_VERIFIED}\n\n${tokenText(token, systemClock.wall())}`,
        data: { verified: false, header, claims },
      }
    },
  },
  verify: {
    options: ['config'],
    reads: 'token',
    run: async (args) => verifyToken(await settingsIn(args), await tokenFrom(process.stdin), systemClock.wall()),
  },
  issue: {
    options: ['config', 'sub', 'role', 'scope', 'ttl'],
    async run(args) {
      const options = issueOptions(args)
      return issueToken(await settingsIn(args), options, systemClock.wall(), (line) =>
        process.stderr.write(`${line}\n`),
      )
    },
  },
  'rotate-keys': { options: ['config'], run: async (args) => rotateKeys(await settingsIn(args), systemClock.wall()) },
}

const NOT_VERIFIED = 'NOT VERIFIED: anybody can write such a token. "weir token verify" checks it.'

export const tokenCommand: Command = {
  name: 'token',
  summary: 'tokens that the gateway issues: hash-password, inspect, verify, issue, rotate-keys',
  takes: ['ACTION', '[-]'],
  options: {
    config: CONFIG_OPTION,
    sub: { type: 'string', value: 'NAME', help: 'issue: who calls with it; is required' },
    role: { type: 'string', multiple: true, value: 'ROLE', help: 'issue: a role of the caller; may be repeated' },
    scope: { type: 'string', multiple: true, value: 'SCOPE', help: 'issue: a scope of the caller; may be repeated' },
    ttl: { type: 'string', value: 'TIME', help: 'issue: how long it counts (default: access_ttl; at most 24h)' },
    json: JSON_OPTION,
  },
  text: `ACTION is one of:

  hash-password  reads a password from standard input, one line, and prints its hash for users_file
  inspect        reads a token from standard input and prints what it says of itself. It verifies nothing.
  verify         reads a token from standard input and says whether the gateway would accept it, by keys_dir
                 and state_file. The exit code is 1 if the token is not valid.
  issue          prints an access token, signed with the key of the gateway, and writes who made it to standard error
  rotate-keys    adds a key to keys_dir; the running gateway takes it. No token becomes invalid.

Passwords and tokens are never taken from the command line, because every user of the machine can see it there. Whoever
can read keys_dir can sign tokens: run these as the user of the gateway.`,
  examples: [
    'weir token hash-password < password.txt',
    'weir token verify --config weir.yaml < token.txt',
    'TOKEN=$(weir token issue --sub ann --role clerk --scope orders:read --ttl 1h)',
    'weir token rotate-keys',
  ],
  async run(args) {
    const [name = '', word] = args.positionals
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name]! : undefined
    if (action === undefined) {
      const names = Object.keys(ACTIONS)
      throw new Misuse(
        `expected ${names.slice(0, -1).join(', ')} or ${names.at(-1)} after "token".${didYouMean(name, names)}`,
      )
    }
    checkWord(name, action, word)
    const known = ['json', ...action.options]
    const other = Object.keys(args.values).find((option) => !known.includes(option))
    if (other !== undefined) throw new Misuse(`--${other} is no option of "weir token ${name}"`)
    return action.run(args)
  },
}

/** Nothing is repeated here: what was given may be a secret. */
function checkWord(name: string, { reads }: Action, word: string | undefined): void {
  if (word === undefined || (reads !== undefined && word === '-')) return
  if (reads === undefined) throw new Misuse(`"weir token ${name}" takes nothing but options`)
  throw new Misuse(
    `a ${reads} on the command line is seen by every user of the machine: use another one, and give it on standard input`,
  )
}
