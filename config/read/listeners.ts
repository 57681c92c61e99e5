import { isIP } from 'node:net'
import { AUTHENTICATION } from '../../core/api/endpoint.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { ListenerSpec } from '../../core/control/gateway-spec.ts'
import { BROKEN, isMapping, type Mapping } from '../document/plain-data.ts'
import type { Problems } from '../document/problems.ts'
import { type Address, collide, isLoopback, type ListenValue, showAddress } from '../schema/address.ts'
import { DEFAULT_CHAIN } from '../schema/chain-shape.ts'
import type { DocumentValues } from '../schema/document-schema.ts'
import { adminHint } from '../schema/key-hints.ts'
import { adminShape } from '../schema/section-shapes.ts'
import { expandAdminChain } from './admin-chain.ts'
import { type DeclaredChain, impliedChain, readChain, withoutOff } from './chain-entries.ts'
import type { ParkedKey } from './parked-keys.ts'
import { readShape } from './read-shape.ts'
import { expandChain } from './shorthand.ts'
import { withTokens } from './tokens-filter.ts'

export interface Listeners {
  readonly specs: readonly ListenerSpec[]
  /** The proxy listener's chain. */
  readonly chain: DeclaredChain
  /** Flat keys of the document whose filter is off in that chain. */
  readonly parked: readonly ParkedKey[]
  readonly echo: Address | undefined
  readonly changes: ChangeMode
}

/** What becomes of changes of endpoints at run time. */
export type ChangeMode = 'file' | 'memory' | 'off'

const LOOPBACK = '127.0.0.1'

/** Reads the proxy and the admin listener with their chains, and the echo service. */
export function readListeners(raw: Mapping, values: DocumentValues, problems: Problems): Listeners {
  const admin = readAdmin(raw.admin, problems)
  const { chain: expanded, parked } = expandChain(
    Object.hasOwn(raw, 'filters')
      ? readChain(raw.filters, ['filters'], problems)
      : impliedChain(DEFAULT_CHAIN, ['filters']),
    values,
    admin?.chain.byFactory.has('auth') ?? false,
    problems,
  )
  const chain = withTokens(expanded, values, problems)
  const proxy = address(values.listen, { host: undefined, port: 8000 }, undefined)
  const specs: ListenerSpec[] = [
    { name: 'proxy', ...proxy, chain: chain.entries, routes: true, requires: [], at: ['listen'] },
  ]
  if (admin !== undefined) {
    const open = !isLoopback(admin.address.host)
    const requires = open ? [AUTHENTICATION] : []
    const { entries } = expandAdminChain(admin.chain, values, { ...admin, open })
    for (const { factory, options, at } of entries)
      if (open && factory === 'auth' && options.required === false)
        problems.error(
          [...at, 'required'],
          'an admin listener that other machines can reach requires a token: remove this',
        )
    specs.push({ name: 'admin', ...admin.address, chain: entries, routes: false, requires, at: ['admin'] })
    if (admin.probes !== undefined) specs.push(probesListener(admin.probes))
  }
  const echo = readEcho(values)
  // An address that could not be read is not compared: nobody wrote its default.
  const listen = values.listen === undefined && Object.hasOwn(raw, 'listen') ? undefined : proxy
  reportCollisions(listen, admin, echo, problems)
  return { specs, chain, parked, echo, changes: admin?.changes ?? 'file' }
}

/** No filter guards it, the filters of the admin listener included: probes have no token. */
function probesListener(address: Address): ListenerSpec {
  const at: Path = ['admin', 'probes_listen']
  const chain = [{ name: 'admin', factory: 'admin', options: { probes_only: true }, at }]
  return { name: 'probes', ...address, chain, routes: false, requires: [], at }
}

interface Admin {
  readonly address: Address
  /** Undefined: there is no listener for probes alone. */
  readonly probes: Address | undefined
  readonly chain: DeclaredChain
  /** Names that it is served under. */
  readonly hosts: readonly string[]
  readonly changes: ChangeMode
}

function readAdmin(raw: unknown, problems: Problems): Admin | undefined {
  if (raw === BROKEN || raw === 'off' || raw === false) return undefined
  if (raw !== undefined && !isMapping(raw)) {
    problems.error(
      ['admin'],
      `expected a mapping with listen and filters, or off; found ${problems.found(['admin'], raw)}`,
    )
    return undefined
  }
  const values = readShape(adminShape, raw ?? {}, ['admin'], problems, ['filters'], adminHint)
  const at: Path = ['admin', 'filters']
  const spelled = raw !== undefined && Object.hasOwn(raw, 'filters')
  const chain = spelled ? withoutOff(readChain(raw.filters, at, problems)) : impliedChain(['admin'], at)
  const listen = address(values.listen, { host: LOOPBACK, port: 8001 }, LOOPBACK)
  const own = listen.host === undefined || isIP(listen.host) !== 0 ? [] : [listen.host]
  const probes = values.probes_listen && address(values.probes_listen, listen, undefined)
  const hosts = [...own, ...(values.allowed_hosts ?? [])]
  return { address: listen, probes, chain, hosts, changes: values.changes ?? 'file' }
}

function readEcho({ echo }: DocumentValues): Address | undefined {
  return isMapping(echo) ? address(echo.listen, { host: LOOPBACK, port: 8002 }, LOOPBACK) : undefined
}

function address(value: ListenValue | undefined, absent: Address, bareHost: string | undefined): Address {
  if (value === undefined) return absent
  return { host: value.host === null ? bareHost : value.host, port: value.port }
}

function reportCollisions(
  proxy: Address | undefined,
  admin: Admin | undefined,
  echo: Address | undefined,
  problems: Problems,
): void {
  const sockets = [
    { what: 'the proxy listener', at: ['listen'], address: proxy },
    { what: 'the admin listener', at: ['admin', 'listen'], address: admin?.address },
    { what: 'the listener for probes', at: ['admin', 'probes_listen'], address: admin?.probes },
    { what: 'the echo service', at: ['echo', 'listen'], address: echo },
  ]
  sockets.forEach((second, i) => {
    for (const first of sockets.slice(0, i)) {
      if (first.address === undefined || second.address === undefined || !collide(first.address, second.address))
        continue
      const at = problems.document.scalar(second.at) === undefined ? first.at : second.at
      const names = `${first.what} (${showAddress(first.address)}) and ${second.what} (${showAddress(second.address)})`
      problems.error(at, `${names} can't listen on the same address`)
    }
  })
}
