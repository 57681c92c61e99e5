import { stringify } from 'yaml'
import { type Arguments, type Command, type CommandResult, JSON_OPTION, Misuse } from '../../config/commands/command.ts'
import { keyEntry } from '../../filters/auth/api-key/key-entry.ts'
import { hashText, isKey, KEY_FORM, secretOf } from '../../filters/auth/api-key/key-hash.ts'
import { newKey, newKeyId } from '../../filters/auth/api-key/new-key.ts'
import { readOrdinaryFile } from '../base/read-file.ts'
import { didYouMean } from '../base/suggest.ts'

const ACTIONS = ['new', 'hash'] as const
/** Options of `new`, with the name that an entry has for each. */
const OF_NEW = {
  id: 'id',
  owner: 'owner',
  role: 'roles',
  scope: 'scopes',
  endpoint: 'endpoints',
  expires: 'expires',
} as const

export const keysCommand: Command = {
  name: 'keys',
  summary: 'make an API key, or the hash of one, for the filter auth',
  takes: ['new|hash', '[-]'],
  options: {
    id: { type: 'string', value: 'ID', help: 'new: name of the key (default: a random one)' },
    owner: { type: 'string', value: 'OWNER', help: 'new: who calls with it (default: its name)' },
    role: { type: 'string', multiple: true, value: 'ROLE', help: 'new: a role of the caller; may be repeated' },
    scope: { type: 'string', multiple: true, value: 'SCOPE', help: 'new: a scope of the caller; may be repeated' },
    endpoint: {
      type: 'string',
      multiple: true,
      value: 'ID',
      help: 'new: an endpoint that it is good for (default: all); may be repeated',
    },
    expires: {
      type: 'string',
      value: 'DATE',
      help: 'new: when it ends (default: never): 2027-01-31, or a time with zone',
    },
    'secret-file': {
      type: 'string',
      value: 'FILE',
      help: 'hash with the secret in FILE, that of api_keys.secret_file',
    },
    json: JSON_OPTION,
  },
  text: `"new" makes a random key and prints it, this one time, with its entry for the file that api_keys.file of the filter
auth names. The entry has a hash of the key, not the key. "hash" reads a key that exists from standard input, one line,
and prints its hash. It takes no key from the command line, because every user of the machine can see it there.`,
  examples: [
    'weir keys new --id billing --owner "Billing team" --scope orders:read --expires 2027-01-31',
    'weir keys hash < key.txt',
  ],
  async run(args) {
    const [action, word] = args.positionals
    if (action !== 'new' && action !== 'hash') {
      const near = didYouMean(action!, ACTIONS)
      throw new Misuse(`expected new or hash after "keys".${near}`)
    }
    if (action === 'new') {
      if (word !== undefined) throw new Misuse('"weir keys new" takes nothing but options: name the key by --id')
      return made(args)
    }
    // Not repeated here: what was given may be a key.
    if (word !== undefined && word !== '-')
      throw new Misuse(
        'a key on the command line is seen by every user of the machine: use another key, and give it on standard input',
      )
    const other = Object.keys(OF_NEW).find((name) => args.values[name] !== undefined)
    if (other !== undefined) throw new Misuse(`--${other} is an option of "weir keys new"`)
    const hash = hashText(await keyFrom(process.stdin), secretIn(args))
    return { text: `${hash}\n`, data: { hash } }
  },
}

function made(args: Arguments): CommandResult {
  const secret = secretIn(args)
  const key = newKey()
  const given = Object.entries(OF_NEW).map(([option, name]) => [name, args.values[option]] as const)
  const { id = newKeyId(), ...rest } = Object.fromEntries(given.filter(([, value]) => value !== undefined))
  const entry = { id, hash: hashText(key, secret), ...rest }
  const { error } = keyEntry.safeParse(entry)
  if (error !== undefined) {
    const { path, message } = error.issues[0]!
    const option = Object.entries(OF_NEW).find(([, name]) => name === path[0])
    throw new Misuse(`--${option?.[0]}: ${message}`)
  }
  return {
    text: `The key. It is not stored anywhere, and not shown again:

  ${key}

Its entry for the file of keys:

${stringify([entry], { lineWidth: 0 })}`,
    data: { key, entry },
  }
}

function secretIn({ values }: Arguments): ReturnType<typeof secretOf> | undefined {
  const file = values['secret-file'] as string | undefined
  if (file === undefined) return undefined
  try {
    return secretOf(readOrdinaryFile(file))
  } catch (cause) {
    throw new Error(`--secret-file ${file}: ${(cause as Error).message}`, { cause })
  }
}

/** The key in the only line of a stream. */
async function keyFrom(stream: NodeJS.ReadStream): Promise<string> {
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) {
    text += chunk as string
    // The end of the line is the end of what somebody types.
    if (text.length > 1024 || (stream.isTTY && text.includes('\n'))) break
  }
  const key = text.replace(/\r?\n$/, '')
  if (!isKey(key)) throw new Error(`standard input holds no key: ${KEY_FORM}, in one line`)
  return key
}
