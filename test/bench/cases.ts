// What is measured. `must` is what a release has to reach, `goal` what it should.
import type { FigureName } from './figures.ts'
import type { ProgramName } from './launchers.ts'
import type { Load } from './load.ts'
import type { Measure } from './statistics.ts'
import { PATH } from './weir.ts'

/** A bound on a ratio or a figure: at most these, or with `atLeast` at least these. */
export interface Bound {
  readonly must: number
  readonly goal: number
  readonly atLeast?: boolean
}

/** A ratio: the first program of the case ÷ this one. Without a bound it is for information. */
export interface Ratio {
  readonly to: ProgramName
  readonly of: Measure
  readonly bound?: Bound
}

export interface RatioCase {
  readonly name: string
  readonly what: string
  /** The program that is measured, before those that it is compared with. */
  readonly program: ProgramName
  readonly load: Load
  readonly ratios: readonly Ratio[]
  /** `false`: gateway, load and upstream share all cores. */
  readonly pinned?: false
}

/** A case that gives figures rather than ratios. */
export interface FigureCase {
  readonly name: string
  readonly what: string
  readonly figure: FigureName
  readonly unit: string
  readonly bound: Bound
}

export type Case = RatioCase | FigureCase

const atMost = (must: number, goal: number): Bound => ({ must, goal })
const cpu = (to: ProgramName, must?: number, goal?: number): Ratio => ({
  to,
  of: 'cpu',
  ...(must !== undefined && goal !== undefined && { bound: atMost(must, goal) }),
})

const load = (path: string, rest: Partial<Load> = {}): Load => ({
  kind: 'closed',
  connections: 64,
  path: `${PATH}/${path}`,
  ...rest,
})

export const CASES: readonly Case[] = [
  {
    name: 'default',
    what: 'default chain, 1 KiB of JSON',
    program: 'Weir',
    load: load('1k'),
    ratios: [cpu('bare', 1.15, 1.05), cpu('fast-gateway', 0.7, 0.55), cpu('nginx', 3.3, 2.6)],
  },
  {
    name: 'peers',
    what: 'default chain, 1 KiB of JSON, beside more gateways',
    program: 'Weir',
    load: load('1k'),
    ratios: [cpu('haproxy'), cpu('@fastify/http-proxy'), cpu('@platformatic/gateway'), cpu('http-proxy')],
  },
  {
    name: '64k',
    what: '64 KiB',
    program: 'Weir',
    load: load('64k'),
    ratios: [cpu('bare', 1.15, 1.05), cpu('nginx', 2.9, 2.65)],
  },
  {
    name: '1m',
    what: '1 MiB',
    program: 'Weir',
    load: load('1m'),
    ratios: [cpu('bare', 1.08, 1.03), cpu('nginx', 1.3, 1.22)],
  },
  {
    name: 'post',
    what: 'POST of 16 KiB',
    program: 'Weir',
    load: load('1k', { method: 'POST', body: 16 * 1024, headers: { 'Content-Type': 'application/octet-stream' } }),
    ratios: [cpu('bare', 1.2, 1.1)],
  },
]
