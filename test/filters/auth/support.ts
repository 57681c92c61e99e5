import { generateKeyPairSync } from 'node:crypto'
import { type JWTPayload, SignJWT } from 'jose'
import type { Endpoint } from '../../../core/api/endpoint.ts'
import { RouteSlot } from '../../../core/api/endpoint.ts'
import type { Exchange } from '../../../core/api/exchange.ts'
import { type BenchFilter, endpoint, exchange, FilterBench } from '../../../core/testing.ts'
import { verdict } from '../../support/verdict.ts'

export const SECRET = '0123456789abcdef0123456789abcdef'
export const OTHER_SECRET = 'fedcba9876543210fedcba9876543210'
export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const rsaPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string
export const ecPem = ec.publicKey.export({ type: 'spki', format: 'pem' }) as string
/** The bench's clock at its start, in seconds since the epoch. */
export const NOW = new FilterBench().clock.wall() / 1000

/** A token of HS256 unless said otherwise, valid for an hour. */
export function token(
  claims: { readonly [name in keyof JWTPayload]?: unknown } = {},
  alg = 'HS256',
  key: Parameters<SignJWT['sign']>[0] = Buffer.from(SECRET),
): Promise<string> {
  return new SignJWT({ sub: 'ann', exp: NOW + 3600, ...claims } as JWTPayload).setProtectedHeader({ alg }).sign(key)
}

export function request(token: string | undefined, at: Partial<Endpoint> = {}): Exchange {
  const x = exchange(token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } })
  pending.set(x, endpoint('v1/orders', at))
  return x
}

const pending = new WeakMap<Exchange, Endpoint>()

/** Runs `request` of the chain's instance, then `routed` of the endpoint's: `status reason`, or undefined. */
export async function pass(x: Exchange, chain: BenchFilter, lane: BenchFilter = chain): Promise<unknown> {
  const early = await chain.filter.request!(x)
  if (early !== undefined) throw new Error('request must not reject')
  const at = pending.get(x) ?? endpoint('v1/orders')
  x.set(RouteSlot, { endpoint: at, path: '', template: '/' })
  return verdict(await lane.filter.routed!(x))
}
