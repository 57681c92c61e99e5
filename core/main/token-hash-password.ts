import type { CommandResult } from '../../config/commands/command.ts'
import { newPasswordHash } from '../base/password-hash.ts'
import { hiddenLine, lineFrom } from './secret-line.ts'

const MOST_BYTES = 1024
const FORM = 'one line of 1 to 1,024 bytes in UTF-8, without control characters'

/** The hash of a password that is typed, or comes in one line of standard input. */
export async function hashPassword(stdin: NodeJS.ReadStream): Promise<CommandResult> {
  const password = stdin.isTTY ? await typedTwice(stdin) : await lineFrom(stdin, MOST_BYTES)
  // Nobody could log in with others: requests with control characters are refused.
  if (password === undefined || password === '' || Buffer.byteLength(password) > MOST_BYTES || /\p{Cc}/u.test(password))
    throw new Error(`standard input holds no password: expected ${FORM}`)
  const hash = await newPasswordHash(password)
  return { text: `${hash}\n`, data: { hash } }
}

async function typedTwice(stdin: NodeJS.ReadStream): Promise<string> {
  const password = await hiddenLine(stdin, 'Password: ')
  if ((await hiddenLine(stdin, 'The same again: ')) !== password) throw new Error('the two passwords differ')
  return password
}
