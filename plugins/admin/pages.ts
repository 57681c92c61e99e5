import { Readable } from 'node:stream'
import { Body, type ConfigControl, type GatewayStatus, HeaderList, type Response } from '../../core/index.ts'

/** What the pages show. */
export interface Parts {
  readonly status: GatewayStatus
  readonly config: ConfigControl
}

export interface Page {
  readonly about: string
  /** @param accept the field `Accept` of the request */
  respond(parts: Parts, query: URLSearchParams, accept: string | undefined): Response | Promise<Response>
}

/** Pages by path and method. HEAD is allowed wherever GET is. */
export type Pages = Readonly<Record<string, Readonly<Record<string, Page>>>>

/** What orchestrators and load balancers ask for. */
export const PROBES: Pages = {
  '/livez': { GET: { about: 'whether the process is alive; if not, it wants a restart', respond: livez } },
  '/readyz': { GET: { about: 'whether the process takes traffic; ?verbose lists the checks', respond: readyz } },
}

export const PAGES: Pages = {
  ...PROBES,
  '/metrics': { GET: { about: 'metrics for Prometheus', respond: metrics } },
  '/config/status': {
    GET: {
      about: 'the running configuration, and the last one that failed',
      respond: async ({ config }) => json(200, await config.status()),
    },
  },
  '/config/reload': { POST: { about: 'load the configuration again', respond: reload } },
  '/': { GET: { about: 'this list', respond: index } },
}

async function livez({ status }: Parts): Promise<Response> {
  return (await status.live()) ? text(200, 'ok\n') : text(503, 'no worker answers\n')
}

/** Like the `/readyz` of Kubernetes, which always lists the checks if one fails (Kubernetes API health endpoints). */
async function readyz({ status }: Parts, query: URLSearchParams): Promise<Response> {
  const ready = await status.ready()
  if (ready && !query.has('verbose')) return text(200, 'ok\n')
  const checks = Object.entries(await status.checks()).map(([name, holds]) =>
    holds ? `[+]${name} ok\n` : `[-]${name} failed\n`,
  )
  return text(ready ? 200 : 503, `${checks.join('')}readyz check ${ready ? 'passed' : 'failed'}\n`)
}

async function metrics({ status }: Parts, _query: URLSearchParams, accept: string | undefined): Promise<Response> {
  const { type, content } = await status.metrics(accept)
  const length = content.reduce((sum, piece) => sum + piece.length, 0)
  return page(200, type, Body.from(Readable.from(content), length))
}

/** 422: the document was read, and is not valid (RFC 9110 §15.5.21). */
async function reload({ config }: Parts): Promise<Response> {
  const outcome = await config.reload('api')
  return json(outcome.outcome === 'failed' ? 422 : 200, outcome)
}

function index({ status }: Parts): Response {
  const lines = Object.entries(PAGES).flatMap(([path, pages]) =>
    Object.entries(pages).map(([method, { about }]) => `${method.padEnd(5)}${path.padEnd(16)}${about}\n`),
  )
  return text(200, `weir ${status.version}\n\n${lines.join('')}`)
}

const text = (status: number, content: string): Response => page(status, 'text/plain; charset=utf-8', content)
const json = (status: number, value: unknown): Response =>
  page(status, 'application/json', `${JSON.stringify(value, null, 2)}\n`)

function page(status: number, type: string, content: string | Body): Response {
  const body = typeof content === 'string' ? Body.of(content) : content
  const headers = HeaderList.of({
    'Content-Type': type,
    'Content-Length': String(body.length ?? 0),
    'Cache-Control': 'no-store',
  })
  return { status, statusText: undefined, headers, body }
}
