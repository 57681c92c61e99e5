import { Body } from '../../core/body.ts'
import { defineFilter, type TerminalFilter } from '../../core/filter.ts'
import { HeaderList } from '../../core/headers.ts'
import { type LocalReply, type Response, reply } from '../../core/reply.ts'
import { type Status, StatusKey } from '../../core/service.ts'

type Page = (status: Status, query: URLSearchParams) => Response | Promise<Response>

const TEXT = 'text/plain; charset=utf-8'

const PAGES: Readonly<Record<string, { about: string; page: Page }>> = {
  '/livez': { about: 'whether the process is alive', page: () => text(200, 'ok\n') },
  '/readyz': { about: 'whether it takes traffic; ?verbose lists the checks', page: readyz },
  '/metrics': { about: 'metrics for Prometheus', page: metricsPage },
  '/': { about: 'this list', page: index },
}

/** Terminal filter of the admin listener: what operators, probes and scrapers ask of the process itself. */
export const admin = defineFilter({
  name: 'admin',
  apiVersion: 1,
  summary: 'Answers /livez, /readyz and /metrics on the admin listener.',
  terminal: true,
  needs: [StatusKey],
  create: (_options, env): TerminalFilter => {
    const status = env.service(StatusKey)
    return {
      call: (x) => {
        const { method, path, query } = x.request
        const entry = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined
        if (entry === undefined)
          return refusal(404, 'admin_not_found', 'There is no such page; / lists those there are.')
        if (method !== 'GET' && method !== 'HEAD')
          return refusal(405, 'method_not_allowed', 'Pages are only read.', { Allow: 'GET, HEAD' })
        const answer = entry.page(status, new URLSearchParams(query))
        if (method === 'GET') return answer
        return answer instanceof Promise ? answer.then(headOnly) : headOnly(answer)
      },
    }
  },
})

/** Follows Kubernetes' own `/readyz`: a failing one always says why (Kubernetes API health endpoints). */
function readyz(status: Status, query: URLSearchParams): Response {
  const ready = status.ready()
  if (ready && !query.has('verbose')) return text(200, 'ok\n')
  const checks = Object.entries(status.checks()).map(([name, holds]) =>
    holds ? `[+]${name} ok\n` : `[-]${name} failed\n`,
  )
  return text(ready ? 200 : 503, `${checks.join('')}readyz check ${ready ? 'passed' : 'failed'}\n`)
}

async function metricsPage(status: Status): Promise<Response> {
  const { type, text: exposition } = await status.metrics()
  return page(200, type, exposition)
}

function index(status: Status): Response {
  const lines = Object.entries(PAGES).map(([path, { about }]) => `${path.padEnd(10)}${about}\n`)
  return text(200, `weir ${status.version}\n\n${lines.join('')}`)
}

const text = (status: number, content: string): Response => page(status, TEXT, content)

function page(status: number, type: string, content: string): Response {
  const body = Body.of(content)
  const headers = HeaderList.of({
    'Content-Type': type,
    'Content-Length': String(body.length ?? 0),
    'Cache-Control': 'no-store',
  })
  return { status, statusText: undefined, headers, body }
}

/** What GET would have said, without the body (RFC 9110 §9.3.2). */
function headOnly(response: Response): Response {
  response.body.discard()
  return response
}

function refusal(status: number, reason: string, detail: string, headers: Record<string, string> = {}): LocalReply {
  return reply(status, reason, { detail, headers: { 'Cache-Control': 'no-store', ...headers } })
}
