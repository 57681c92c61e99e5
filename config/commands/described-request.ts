import { METHODS } from 'node:http'
import { Body } from '../../core/api/body.ts'
import { Exchange } from '../../core/api/exchange.ts'
import { HeaderList } from '../../core/api/header-list.ts'
import { ExchangeRequest } from '../../core/api/request.ts'
import { show } from '../../core/base/show.ts'
import { didYouMean } from '../../core/base/suggest.ts'
import { TOKEN_SOURCE } from '../../core/base/tokens.ts'
import type { ClientHeaders } from '../../core/http/client-headers.ts'
import { isHost } from '../../core/http/host.ts'
import { unreadHead } from '../../core/http/request-head.ts'
import { Misuse } from './command.ts'

/** A request that the command line describes. */
export interface DescribedRequest {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** `host[:port]`; undefined if the URL is only a path. */
  readonly authority: string | undefined
  readonly path: string
  readonly query: string
  readonly headers: HeaderList
}

/** The client's address of such a request, where nothing else is said: this machine. */
const CLIENT = '127.0.0.1'

/** Reads method, URL (absolute, or a path) and `Name: value` fields. The path is not normalised, as in a real request. */
export function readRequest(method: string, url: string, fields: readonly string[]): DescribedRequest {
  const upper = method.toUpperCase()
  if (!METHODS.includes(upper)) throw new Misuse(`there is no method "${method}".${didYouMean(upper, METHODS)}`)
  const parts = /^(?:(https?):\/\/([^/?#]+))?((?:\/[^?#]*)?)(\?[^#]*)?(?:#.*)?$/i.exec(url)
  if (parts === null || url === '' || (parts[2] === undefined && parts[3] === ''))
    throw new Misuse(`expected a URL such as http://localhost:8000/shop, or a path such as /shop; found ${show(url)}`)
  if (/[^\x21-\x7e]/.test(url)) throw new Misuse("the URL has a character that a request can't have: percent-encode it")
  const [, scheme = 'http', authority, path, query = ''] = parts
  if (authority?.includes('@'))
    throw new Misuse("a request has no credentials in its URL: give a header, -H 'Authorization: …'")
  const headers = new HeaderList()
  for (const field of fields) headers.add(...fieldOf(field))
  const host = headers.get('host') ?? authority ?? ''
  if (host !== '' && !isHost(host)) throw new Misuse(`the gateway refuses the host ${show(host)}: expected host[:port]`)
  return {
    method: upper,
    scheme: scheme.toLowerCase() as DescribedRequest['scheme'],
    authority,
    path: path || '/',
    query,
    headers,
  }
}

const FIELD = new RegExp(`^(${TOKEN_SOURCE}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*)$`)

function fieldOf(text: string): [name: string, value: string] {
  const parts = FIELD.exec(text)
  if (parts === null) throw new Misuse("expected a header such as 'Accept: text/html'")
  return [parts[1]!, parts[2]!.trimEnd()]
}

/**
 * The exchange of the request, its head just parsed. The client is no trusted proxy.
 * @param cleaning what its listener removes of its fields
 * @param client its address
 */
export function exchangeOf(
  described: DescribedRequest,
  startedAt: number,
  cleaning: ClientHeaders,
  client = CLIENT,
): Exchange {
  const { method, path, query, scheme } = described
  const sent = described.headers.clone()
  const host = sent.get('host') ?? described.authority ?? 'localhost'
  sent.set('Host', host)
  const upgrade = sent.get('upgrade')?.toLowerCase() === 'websocket' ? 'websocket' : undefined
  const head = unreadHead([...sent.raw])
  cleaning.read(head.fields, false, head)
  const { fields, takesTrailers } = head
  const headers = new HeaderList(fields)
  return new Exchange(
    new ExchangeRequest(method, path, query, '1.1', headers, Body.empty(), upgrade),
    {
      address: client,
      peer: client,
      trusted: false,
      hops: [],
      scheme,
      host,
      publicHost: host,
      takesTrailers,
      fields: sent.raw,
    },
    startedAt,
  )
}
