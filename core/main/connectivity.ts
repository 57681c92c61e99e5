import { lookup, Resolver } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { Client, type Dispatcher } from 'undici'
import { matchesStatus, type StatusPattern } from '../api/status-pattern.ts'
import { withTimeLimit } from '../base/time-limit.ts'
import type { ConnectivityStep, ConnectivityTest } from '../control/router-control.ts'

/** How a target is tested. */
export interface TargetTest {
  /** May have credentials. */
  readonly url: string
  /** The authorities that are trusted; undefined: those of the system. Throws if they can't be read. */
  ca(): string | undefined
  /** Name that is sent and verified; undefined: the host. */
  readonly serverName: string | undefined
  /** Whether a certificate must be valid. */
  readonly verify: boolean
  /** Name servers; undefined: the system resolves. */
  readonly servers: readonly string[] | undefined
  readonly method: 'GET' | 'HEAD'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Statuses that pass; undefined: all below 500. */
  readonly statuses: readonly StatusPattern[] | undefined
}

/** What a step gives to the next one, and says. */
type Told = Omit<ConnectivityStep, 'step' | 'passed' | 'duration_ms'>

/** Time for one step; milliseconds. */
const STEP_MS = 5000

/** A step that failed and has more to say than why. */
class FailedStep extends Error {
  readonly told: Told

  constructor(told: Told) {
    super(told.detail)
    this.told = told
  }
}

/**
 * Tests a target step by step; the first one that fails is the last. Never rejects, follows no redirect, and shows no byte of the body.
 * @param stepMs time for one step
 */
export async function testTarget(test: TargetTest, stepMs = STEP_MS): Promise<ConnectivityTest> {
  const url = new URL(test.url)
  const shown = new URL(test.url)
  shown.username = ''
  shown.password = ''
  const target = test.url.endsWith('/') ? shown.href : shown.href.replace(/\/$/, '')
  const steps: ConnectivityStep[] = []
  const run = async (step: ConnectivityStep['step'], work: () => Promise<Told>): Promise<void> => {
    const startedAt = performance.now()
    const ended = (passed: boolean, told: Told): void => {
      steps.push({ step, passed, duration_ms: Math.round((performance.now() - startedAt) * 1000) / 1000, ...told })
    }
    try {
      ended(true, await withTimeLimit(stepMs, 'it', work()))
    } catch (error) {
      ended(false, error instanceof FailedStep ? error.told : { detail: whyOf(error) })
      throw error
    }
  }
  let address = ''
  let socket: Socket | undefined
  let secured: TLSSocket | undefined
  try {
    await run('dns', async () => {
      const found = await addressesOf(url.hostname.replace(/^\[(.*)\]$/, '$1'), test.servers)
      address = found[0]!
      return { detail: found.slice(0, 8).join(', ') }
    })
    const secure = url.protocol === 'https:'
    const port = Number(url.port || (secure ? 443 : 80))
    await run('tcp', async () => {
      socket = connect({ host: address, port })
      await opened(socket, 'connect')
      return { detail: `${isIP(address) === 6 ? `[${address}]` : address}:${port}` }
    })
    if (secure)
      await run('tls', async () => {
        secured = connectTls({ socket: socket!, ...tlsOptions(test, url), rejectUnauthorized: false })
        await opened(secured, 'secureConnect')
        return certificateOf(secured, test.verify)
      })
    await run('http', async () => httpOf(test, url, secured ?? socket!, stepMs))
    return { target, passed: true, steps }
  } catch {
    return { target, passed: false, steps }
  } finally {
    secured?.destroy()
    socket?.destroy()
  }
}

async function addressesOf(host: string, servers: TargetTest['servers']): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host]
  if (servers === undefined) return (await lookup(host, { all: true })).map(({ address }) => address)
  const resolver = new Resolver({ timeout: STEP_MS, tries: 1 })
  resolver.setServers(servers)
  const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  const addresses = found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
  if (addresses.length > 0) return addresses
  throw (found[0] as PromiseRejectedResult).reason
}

/** Resolves when a socket has this event. */
function opened(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Those that come later are nobody's.
    socket.on('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed')))
    socket.once(event, resolve)
  })
}

function tlsOptions({ ca, serverName }: TargetTest, { hostname }: URL): ConnectionOptions {
  const authorities = ca()
  const name = serverName ?? hostname
  const servername = isIP(name.replace(/^\[(.*)\]$/, '$1')) === 0 ? name.replace(/\.$/, '') : ''
  return { servername, host: name, ...(authorities === undefined ? {} : { ca: authorities }) }
}

function certificateOf(socket: TLSSocket, verify: boolean): Told {
  const { valid_from, valid_to } = socket.getPeerCertificate()
  const dates = valid_to === undefined ? {} : { valid_from: timeOf(valid_from), valid_to: timeOf(valid_to) }
  const spoken = `${socket.getProtocol() ?? 'TLS'}, ${socket.alpnProtocol || 'no ALPN'}`
  if (socket.authorized) return { detail: `${spoken}, the certificate is valid`, ...dates }
  const { code, message = String(socket.authorizationError) } = (socket.authorizationError ??
    {}) as NodeJS.ErrnoException
  const why = `the certificate is not valid: ${code === undefined || message === code ? message : `${message} (${code})`}`
  if (verify) throw new FailedStep({ detail: `${spoken}, ${why}`, ...dates })
  return { detail: `${spoken}, ${why}; tls.verify is off`, ...dates }
}

const timeOf = (text: string): string => new Date(text).toISOString()

/** One request on the connection that was tested. */
async function httpOf(test: TargetTest, url: URL, socket: Socket, timeoutMs: number): Promise<Told> {
  const { method, path, headers, statuses } = test
  const client = new Client(url.origin, {
    // At once, undici would not send the request.
    connect: (_options, callback) => queueMicrotask(() => callback(null, socket as TLSSocket)),
    headersTimeout: timeoutMs,
    pipelining: 1,
  })
  try {
    const status = await new Promise<number>((resolve, reject) => {
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart: () => {},
        onResponseStart: (controller, code) => {
          if (code < 200) return
          resolve(code)
          controller.abort(new Error('the head is enough'))
        },
        onResponseData: () => {},
        onResponseEnd: () => {},
        onResponseError: (_controller, error) => reject(error),
      }
      client.dispatch({ method, path, headers }, handler)
    })
    const passed = statuses === undefined ? status < 500 : matchesStatus(statuses, status)
    const told = { detail: `${method} ${path.replace(/\?.*/s, '')}: ${status}` }
    if (!passed) throw new FailedStep(told)
    return told
  } finally {
    client.destroy().catch(() => {})
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name does not resolve',
  ENODATA: 'the name has no address',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no route to the address',
  ENETUNREACH: 'there is no route to the network',
  ETIMEDOUT: 'the address does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'no response came in time',
  UND_ERR_SOCKET: 'the connection was closed before a response',
}

/** Why a step failed; never bytes that the upstream sent, which parser errors may hold. */
function whyOf(error: unknown): string {
  const { code, message, name } = error as NodeJS.ErrnoException
  const known = code === undefined ? undefined : WHY[code]
  if (known !== undefined) return `${known} (${code})`
  if (name === 'HTTPParserError') return 'the response is not HTTP'
  return code === undefined ? message : `${code}`
}
