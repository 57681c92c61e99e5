import * as z from 'zod'
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
import { BrowserGuard } from './browser-guard.ts'
import { PAGES, type Pages, type Parts, PROBES } from './pages.ts'

const HOST = /^(?:(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/i

const options = z.strictObject({
  probes_only: z
    .boolean()
    .default(false)
    .describe('`true` serves `/livez` and `/readyz` alone, under any host: they show nothing that is worth a guard.'),
  allowed_hosts: z
    .array(z.string().regex(HOST, 'expected a host name without a port, such as admin.example.com'))
    .default([])
    .describe(
      'Host names that it is served under, besides `localhost` and IP addresses; `*.example.com` means every name below it.',
    ),
})

/** Terminal filter of the admin listener: pages about the process, for operators, orchestrators and Prometheus. */
export const admin = defineFilter<z.infer<typeof options>>({
  name: 'admin',
  apiVersion: 1,
  summary: 'Serves /livez, /readyz, /metrics and /config on the admin listener.',
  options,
  terminal: true,
  needs: [GatewayStatusKey, ConfigControlKey],
  create: ({ allowed_hosts: allowed, probes_only: probesOnly }, env): TerminalFilter => {
    const parts = { status: env.service(GatewayStatusKey), config: env.service(ConfigControlKey) }
    if (probesOnly) return { call: (x) => serve(x, parts, PROBES) }
    const guard = new BrowserGuard(allowed)
    return { call: (x) => guard.refuse(x.request) ?? serve(x, parts, PAGES) }
  },
})

function serve(x: Exchange, parts: Parts, served: Pages): Awaitable<Response | LocalReply> {
  const { method, path, query } = x.request
  const pages = Object.hasOwn(served, path) ? served[path]! : undefined
  if (pages === undefined)
    return refusal(404, 'admin_not_found', `There is no such page; there are ${Object.keys(served).join(', ')}.`)
  const wanted = method === 'HEAD' ? 'GET' : method
  const page = Object.hasOwn(pages, wanted) ? pages[wanted] : undefined
  if (page === undefined) {
    const allow = Object.keys(pages).flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known]))
    return refusal(405, 'method_not_allowed', `Allowed here: ${allow.join(', ')}.`, { Allow: allow.join(', ') })
  }
  const accept = x.request.headers.joined('accept')
  const response = page.respond(parts, new URLSearchParams(query), accept)
  return method === 'HEAD' ? headOnly(response) : response
}

/** The response to GET without its body (RFC 9110 §9.3.2). */
async function headOnly(given: Awaitable<Response>): Promise<Response> {
  const response = await given
  response.body.discard()
  return response
}

function refusal(status: number, reason: string, detail: string, headers: Record<string, string> = {}): LocalReply {
  return reply(status, reason, { detail, headers: { 'Cache-Control': 'no-store', ...headers } })
}
