import type { LoadedConfig } from '../../config/live/config-loader.ts'
import { routeViews } from '../../config/live/route-views.ts'
import { checkOf } from '../../config/read/health-check.ts'
import { errorText } from '../base/error-text.ts'
import { readNamed } from '../base/read-file.ts'
import type { EndpointSpec } from '../control/gateway-spec.ts'
import type { ConnectivityTest, DescribedRequest, RouterControl, RouteView } from '../control/router-control.ts'
import { type TargetTest, testTarget } from './connectivity.ts'
import type { Gateway } from './gateway.ts'
import { REHEARSE, type RehearsalAnswer, readDescribed, rehearseLive } from './rehearsal-report.ts'
import type { Workers } from './workers.ts'

/** What the routes are made of. */
export interface RouterParts {
  live(): LoadedConfig
  gateway(): Gateway
  readonly workers: Workers | undefined
}

/** Targets that are tested at the same time. */
const AT_ONCE = 8
/** How long a worker may take, longer than its own limit; milliseconds. */
const WORKER_MS = 7000

/** The options of the proxy filter that count for a test. The load has checked them. */
interface ProxyOptions {
  readonly tls?: { readonly ca_file?: string; readonly server_name?: string; readonly verify?: boolean }
  readonly dns?: { readonly servers?: readonly string[] }
}

/** The routes of the configuration that runs. */
export class RouterService implements RouterControl {
  readonly #parts: RouterParts
  /** Tests that are under way, by endpoint. */
  readonly #tests = new Map<string, Promise<readonly ConnectivityTest[]>>()

  constructor(parts: RouterParts) {
    this.#parts = parts
  }

  routes(): Promise<readonly RouteView[]> {
    return routeViews(this.#parts.live())
  }

  async explain(request: DescribedRequest): Promise<Readonly<Record<string, unknown>>> {
    try {
      // Of the command line: a gateway that starts does not load it.
      const [{ explanationOf }, { listenerOf }] = await Promise.all([
        import('../../config/commands/explained-request.ts'),
        import('../../config/commands/rehearsed-request.ts'),
      ])
      const described = await readDescribed(request)
      const listener = listenerOf(described, this.#parts.live().spec.listeners, request.listener)
      const answer = await this.#rehearse({ ...request, listener: listener.name }, listener.routes)
      return 'error' in answer ? answer : { ...explanationOf(described, answer.rehearsed, this.#parts.live()) }
    } catch (error) {
      return { error: errorText(error) }
    }
  }

  async test(id: string): Promise<readonly ConnectivityTest[] | undefined> {
    const live = this.#parts.live()
    const spec = live.spec.endpoints.find(({ endpoint }) => endpoint.id === id)
    if (spec === undefined) return undefined
    const running = this.#tests.get(id)
    if (running !== undefined) return running
    const test = testAll(testsOf(spec, live)).finally(() => this.#tests.delete(id))
    this.#tests.set(id, test)
    return test
  }

  async #rehearse(request: DescribedRequest, ofWorkers: boolean): Promise<RehearsalAnswer> {
    const { workers, gateway } = this.#parts
    if (workers === undefined || !ofWorkers) return rehearseLive(gateway(), request)
    const answer = (await workers.reportOfOne(REHEARSE, request, WORKER_MS)) as RehearsalAnswer | undefined
    return answer ?? { error: 'no worker answers' }
  }
}

function testsOf({ endpoint, filters }: EndpointSpec, { spec, settings }: LoadedConfig): TargetTest[] {
  const chain = spec.listeners.find(({ routes }) => routes)?.chain ?? []
  const proxy = chain.find(({ factory }) => factory === 'proxy')
  const own = proxy && filters[proxy.name]
  const { tls = {}, dns = {} } = { ...proxy?.options, ...(own === 'off' ? {} : own?.options) } as ProxyOptions
  const { ca_file: file, server_name: serverName, verify = true } = tls
  const check = checkOf(settings.healthCheck, endpoint.id)
  return endpoint.targets.map(({ url, basePath }) => ({
    url,
    ca: () => (file === undefined ? undefined : readNamed(settings.baseDir, file).bytes.toString()),
    serverName,
    verify,
    servers: dns.servers,
    method: check?.method ?? 'HEAD',
    path: check?.path ?? (basePath || '/'),
    headers: check?.headers ?? {},
    statuses: check?.statuses,
  }))
}

/** Tests some at a time. */
async function testAll(tests: readonly TargetTest[]): Promise<readonly ConnectivityTest[]> {
  const results: ConnectivityTest[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let i = next++; i < tests.length; i = next++) results[i] = await testTarget(tests[i]!)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return results
}
