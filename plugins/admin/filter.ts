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

/** Terminal filter of the admin listener: what operators, probes and scrapers ask of the process itself. */
export const admin = defineFilter({
  name: 'admin',
  apiVersion: 1,
  summary: 'Answers /livez, /readyz, /metrics and /config on the admin listener',
  terminal: true,
  needs: [GatewayStatusKey, ConfigControlKey],
  create: (_options, env): TerminalFilter => {
    const parts = { status: env.service(GatewayStatusKey), config: env.service(ConfigControlKey) }
    return { call: (x) => answer(x, parts) }
  },
})

function answer(x: Exchange, parts: Parts): Awaitable<Response | LocalReply> {
  const { method, path, query, headers } = x.request
  const pages = Object.hasOwn(PAGES, path) ? PAGES[path]! : undefined
  if (pages === undefined) return refusal(404, 'admin_not_found', 'There is no such page; / lists those there are.')
  const wanted = method === 'HEAD' ? 'GET' : method
  const page = Object.hasOwn(pages, wanted) ? pages[wanted] : undefined
  if (page === undefined) {
    const allow = Object.keys(pages).flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known]))
    return refusal(405, 'method_not_allowed', `Allowed here: ${allow.join(', ')}.`, { Allow: allow.join(', ') })
  }
  if (method !== 'GET' && method !== 'HEAD' && isForeign(headers.get('sec-fetch-site')))
    return refusal(403, 'cross_site', "A page of another site can't change anything here.")
  return method === 'HEAD' ? headOnly(page, parts, query) : page.answer(parts, new URLSearchParams(query))
}

/** Browsers say where a request comes from (Fetch Metadata); nothing but a browser sends the field. */
const isForeign = (site: string | undefined): boolean => site !== undefined && site !== 'same-origin' && site !== 'none'

/** What GET would have said, without the body (RFC 9110 §9.3.2). */
async function headOnly(page: Page, parts: Parts, query: string): Promise<Response> {
  const response = await page.answer(parts, new URLSearchParams(query))
  response.body.discard()
  return response
}

function refusal(status: number, reason: string, detail: string, headers: Record<string, string> = {}): LocalReply {
  return reply(status, reason, { detail, headers: { 'Cache-Control': 'no-store', ...headers } })
}
