import { isIP } from 'node:net'
import type { DescribedRequest as ReadRequest } from '../../config/commands/described-request.ts'
import type { RehearsedRequest } from '../../config/commands/rehearsed-request.ts'
import { errorText } from '../base/error-text.ts'
import { withTimeLimit } from '../base/time-limit.ts'
import type { DescribedRequest } from '../control/router-control.ts'
import type { Gateway } from './gateway.ts'

/** Name of the report by which a worker rehearses a request for the primary. */
export const REHEARSE = 'rehearse'

/** What came of it. Plain data. */
export type RehearsalAnswer = { readonly rehearsed: RehearsedRequest } | { readonly error: string }

/** Time for all hooks together; milliseconds. */
const LIMIT_MS = 5000
/** Characters of a URL, and of all fields, at most. */
const MOST_URL = 8192
const MOST_FIELDS = 65_536

/** Reads a request as `weir explain` does. @throws Error in words for people */
export async function readDescribed({ method, url, headers = [], client }: DescribedRequest): Promise<ReadRequest> {
  const { readRequest } = await import('../../config/commands/described-request.ts')
  if (headers.length % 2 !== 0) throw new Error('headers are names and values in turn')
  if (url.length > MOST_URL) throw new Error(`the URL is longer than ${MOST_URL} characters`)
  if (headers.join('').length > MOST_FIELDS) throw new Error(`the headers have more than ${MOST_FIELDS} characters`)
  if (client !== undefined && isIP(client) === 0) throw new Error('the client is an IP address, such as 192.0.2.1')
  const fields = headers.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${headers[i + 1]}`] : []))
  return readRequest(method, url, fields)
}

/** Takes a request through the chain that runs in this process. Never rejects. */
export async function rehearseLive(gateway: Gateway, request: DescribedRequest): Promise<RehearsalAnswer> {
  try {
    const { rehearseRequest } = await import('../../config/commands/rehearsed-request.ts')
    const { live, catalog, clientHeaders } = gateway
    if (live === undefined) throw new Error('no configuration runs')
    const described = await readDescribed(request)
    const given = { spec: live.spec, chains: live.chains, catalog, clientHeaders }
    return { rehearsed: await withTimeLimit(LIMIT_MS, 'it', rehearseRequest(described, given, request)) }
  } catch (error) {
    return { error: errorText(error) }
  }
}
