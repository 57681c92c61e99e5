import { SignJWT } from 'jose'
import type { Test } from 'tap'
import type { Fields, GatewaySetup, InjectedResponse } from '../../../core/testing.ts'
import { startGateway } from '../../../core/testing.ts'
import { startUpstream } from '../../support/upstream.ts'

export const ORIGIN = 'https://app.example.com'
export const FOREIGN = 'https://evil.example.com'
export const SECRET = '0123456789abcdef0123456789abcdef'
export const bearer = async (): Promise<string> =>
  `Bearer ${await new SignJWT({ sub: 'ann' }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET))}`

/** The names of options that most tests have in common. */
export const LISTED = `origins: [${ORIGIN}, "https://*.example.org"], credentials: true, max_age: 1h, expose_headers: [X-Total]`

/**
 * A gateway before an upstream that sends the fields that the request's `X-Set` has as JSON.
 * @param filters YAML of the entries of the chain
 * @param endpoints YAML of each endpoint's keys; UPSTREAM is the upstream's URL
 */
export async function gatewayWith(
  t: Test,
  filters: readonly string[],
  endpoints: readonly string[],
  setup: GatewaySetup & { readonly rest?: string } = {},
) {
  const requests: string[] = []
  const upstream = await startUpstream((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const set = JSON.parse(String(request.headers['x-set'] ?? '{}')) as Record<string, string>
    response.writeHead(200, set).end(JSON.stringify({ origin: request.headers.origin ?? null }))
  })
  t.teardown(() => upstream.close())
  const list = endpoints.map((one) => `  - { ${one.replaceAll('UPSTREAM', upstream.url)} }\n`).join('')
  const chain = filters.map((filter) => `  - ${filter}\n`).join('')
  const gateway = await startGateway(`${setup.rest ?? ''}filters:\n${chain}endpoints:\n${list}`, setup)
  t.teardown(() => gateway.close())
  /** What browsers send before a request. */
  const preflight = (path: string, origin: string, method = 'PUT', headers: Fields = {}) =>
    gateway.inject({
      method: 'OPTIONS',
      path,
      headers: { Origin: origin, 'Access-Control-Request-Method': method, ...headers },
    })
  const get = (path: string, origin?: string, headers: Fields = {}) =>
    gateway.inject({ path, headers: origin === undefined ? headers : { Origin: origin, ...headers } })
  return { gateway, upstream, requests, preflight, get }
}

/** What a response says of CORS, and what it varies by; repeated fields are lists. */
export function corsOf({ headers }: InjectedResponse): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {}
  for (const [name] of headers) {
    const key = name.toLowerCase()
    if (!key.startsWith('access-control-') && key !== 'vary') continue
    const all = headers.all(key)
    found[key.replace('access-control-', '')] = all.length === 1 ? all[0]! : all
  }
  return found
}
