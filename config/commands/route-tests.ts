import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import * as z from 'zod'
import { systemClock } from '../../core/base/clock.ts'
import { rehearse } from '../../core/chain/rehearsal.ts'
import { ClientHeaders } from '../../core/http/client-headers.ts'
import type { Built } from './build.ts'
import { Misuse } from './command.ts'
import { exchangeOf, readRequest } from './described-request.ts'

/** A request, and what must become of it. */
export interface RouteTest {
  readonly line: number
  /** `GET /users/7`. */
  readonly request: string
  readonly headers: readonly string[]
  /** Id of the endpoint, or the status of the reply that it gets instead. */
  readonly expected: string
  /** The path that goes upstream, without the target's own. Undefined: any. */
  readonly path: string | undefined
}

/** What became of a request. */
export interface RouteTestResult extends RouteTest {
  /** Id of the endpoint, the status of the reply, or `unknown`. */
  readonly found: string
  readonly foundPath: string | undefined
  readonly ok: boolean
}

const outcome = z.union([z.string(), z.int()]).transform(String)
const details = z.strictObject({
  endpoint: outcome.optional(),
  status: outcome.optional(),
  path: z.string().optional(),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).optional(),
})

const FORM = 'expected a mapping from requests to endpoints or statuses, such as "GET /users/7: users"'

/**
 * Reads a table of requests: a mapping from `METHOD URL` to the id of an endpoint, to a status, or to
 * `{ endpoint, status, path, headers }`.
 * @throws Error that says in which line something is wrong
 */
export function readRouteTests(text: string, file: string): readonly RouteTest[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false })
  const wrong = (offset: number, message: string): Error => {
    const { line, col } = lines.linePos(offset)
    return new Error(`${file}:${line}:${col} ${message}`)
  }
  const [error] = document.errors
  if (error !== undefined) throw wrong(error.pos[0], error.message.split('\n')[0]!)
  const { contents } = document
  if (!isMap(contents)) throw new Error(`${file}:1:1 ${FORM}`)
  return (contents.items as Pair<Node, Node | null>[]).map(({ key, value }) => {
    const offset = key.range![0]
    const request = isScalar(key) ? String(key.value) : ''
    if (!/^\S+ \S+$/.test(request))
      throw wrong(offset, `expected a request such as "GET /users/7", found ${JSON.stringify(request)}`)
    let given: unknown
    try {
      given = value?.toJS(document)
    } catch (cause) {
      // An alias without an anchor, or one that stands for too much.
      throw wrong(offset, (cause as Error).message)
    }
    const plain = outcome.safeParse(given)
    const read = plain.success
      ? { data: { endpoint: plain.data, path: undefined, headers: {}, status: undefined } }
      : details.safeParse(given)
    const { endpoint, status, path, headers = {} } = read.data ?? {}
    const expected = endpoint ?? status
    if (endpoint !== undefined && status !== undefined)
      throw wrong(
        offset,
        'expected an endpoint or a status, not both: a request that reaches an endpoint has no status yet',
      )
    if (expected === undefined)
      throw wrong(
        offset,
        'expected an endpoint, a status, or { endpoint: …, path: …, headers: { … } } behind the request',
      )
    return {
      line: lines.linePos(offset).line,
      request,
      headers: Object.entries(headers).map(([name, field]) => `${name}: ${field}`),
      expected,
      path,
    }
  })
}

/** Takes each request through the chain until its route is known. Nothing is called. */
export async function runRouteTests(
  tests: readonly RouteTest[],
  file: string,
  built: Built,
): Promise<RouteTestResult[]> {
  const { config, catalog, snapshot } = built
  const listener = config.spec.listeners.find(({ routes }) => routes)
  const chain = listener && snapshot.chains.get(listener.name)
  if (listener === undefined || chain === undefined) throw new Error('no listener leads to endpoints')
  const factories = listener.chain.map(({ factory }) => catalog.get(factory)!)
  const cleaning = new ClientHeaders(config.settings.clientHeaders, chain.sets)
  const results: RouteTestResult[] = []
  for (const test of tests) {
    const [method, url] = test.request.split(' ') as [string, string]
    let described: ReturnType<typeof readRequest>
    try {
      described = readRequest(method, url, test.headers)
    } catch (error) {
      throw error instanceof Misuse ? new Error(`${file}:${test.line} ${error.message}`) : error
    }
    const { route, end } = await rehearse(exchangeOf(described, systemClock.now(), cleaning), chain, factories)
    const found = route?.endpoint.id ?? ('reply' in end ? String(end.reply.status) : 'unknown')
    const foundPath = route?.path
    const ok = found === test.expected && (test.path === undefined || test.path === foundPath)
    results.push({ ...test, found, foundPath, ok })
  }
  return results
}

/** Lines for people: what differs, and how many are right. */
export function routeTestsText(results: readonly RouteTestResult[], file: string): string {
  const wrong = results.filter(({ ok }) => !ok)
  const lines = wrong.map(({ line, request, expected, found, path, foundPath }) => {
    const where = (what: string, at: string | undefined): string =>
      path === undefined || at === undefined ? what : `${what} with ${at}`
    return `${file}:${line} ${request}: expected ${where(expected, path)}, found ${where(found, foundPath)}\n`
  })
  return `${lines.join('')}${results.length - wrong.length} of ${results.length} requests go where they should\n`
}
