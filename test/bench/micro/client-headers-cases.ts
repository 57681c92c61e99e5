import { ClientHeaders, DEFAULT_CLIENT_HEADERS, type ReceivedFields } from '../../../core/http/client-headers.ts'
import { unreadHead } from '../../../core/http/request-head.ts'
import { type MicroCase, REQUEST_FIELDS } from './micro-case.ts'

const cleaning = new ClientHeaders(DEFAULT_CLIENT_HEADERS, [{ name: 'X-Request-Id' }])

function cleaned(raw: string[]): ReceivedFields {
  const into = unreadHead(raw)
  cleaning.read(raw, false, into)
  return into
}

const plain = [...REQUEST_FIELDS]
const dirty = [...plain, 'Connection', 'keep-alive', 'X-Forwarded-For', '203.0.113.7']

export const clientHeadersCases: readonly MicroCase[] = [
  { name: 'request fields: clean 7, nothing to remove', run: () => cleaned(plain) },
  { name: 'request fields: clean 9, two to remove', run: () => cleaned(dirty) },
]
