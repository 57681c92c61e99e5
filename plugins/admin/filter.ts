import {
  type Awaitable,
  ConfigControlKey,
  defineFilter,
  type Exchange,
  GatewayStatusKey,
  type LocalReply,
  type Response,
  reply,
  type TerminalFilter,
} from '../../core/index.ts'
import { PAGES, type Page, type Parts } from './pages.ts'

/** Terminal filter of the admin listener: pages about the process, for operators, orchestrators and Prometheus. */
export const admin = defineFilter({
  name: 'admin',
  apiVersion: 1,
  summary: 'Serves /livez, /readyz, /metrics and /config on the admin listener.',
  terminal: true,
  needs: [GatewayStatusKey, ConfigControlKey],
  create: (_options, env): TerminalFilter => {
    const parts = { status: env.service(GatewayStatusKey), config: env.service(ConfigControlKey) }
    return { call: (x) => serve(x, parts) }
  },
})

function serve(x: Exchange, parts: Parts): Awaitable<Response | LocalReply> {
  const { method, path, query, headers } = x.request
  const pages = Object.hasOwn(PAGES, path) ? PAGES[path]! : undefined
  if (pages === undefined) return refusal(404, 'admin_not_found', 'There is no such page; / lists all pages.')
  const wanted = method === 'HEAD' ? 'GET' : method
  const page = Object.hasOwn(pages, wanted) ? pages[wanted] : undefined
  if (page === undefined) {
    const allow = Object.keys(pages).flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known]))
    return refusal(405, 'method_not_allowed', `Allowed here: ${allow.join(', ')}.`, { Allow: allow.join(', ') })
  }
  if (method !== 'GET' && method !== 'HEAD' && isForeign(headers.get('sec-fetch-site')))
    return refusal(403, 'cross_site', 'Requests from pages of other sites are refused.')
  return method === 'HEAD' ? headOnly(page, parts, query) : page.respond(parts, new URLSearchParams(query))
}

/** Whether a browser sends the request for another site (Fetch Metadata). Only browsers send the field. */
const isForeign = (site: string | undefined): boolean => site !== undefined && site !== 'same-origin' && site !== 'none'

/** The response to GET without its body (RFC 9110 §9.3.2). */
async function headOnly(page: Page, parts: Parts, query: string): Promise<Response> {
  const response = await page.respond(parts, new URLSearchParams(query))
  response.body.discard()
  return response
}

function refusal(status: number, reason: string, detail: string, headers: Record<string, string> = {}): LocalReply {
  return reply(status, reason, { detail, headers: { 'Cache-Control': 'no-store', ...headers } })
}
