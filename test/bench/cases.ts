// What is measured. `must` is what a release has to reach, `goal` what it should.
import type { FigureName } from './figures.ts'
import { FILTER_NAMES } from './filter-chains.ts'
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
  /** Cases that the command line knows by one name, too: what each filter costs. */
  readonly group?: 'filters'
  readonly what: string
  /** The program that is measured, before those that it is compared with. */
  readonly program: ProgramName
  readonly load: Load
  readonly ratios: readonly Ratio[]
  /** `false`: gateway, load and upstream share all cores. Default: `true`, where the machine has two. */
  readonly pinned?: boolean
  /**
   * How often the programs are started anew, each time for a part of the rounds. Two processes of one program differ by some per cent
   * for as long as they run, which no number of rounds shows. Default: 1.
   */
  readonly starts?: number
  /** Number of endpoints, from the first one on, that the load is spread over, by program; the path has `%d` then. Default: one. */
  readonly spread?: Readonly<Partial<Record<ProgramName, number>>>
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
const atLeast = (must: number, goal: number): Bound => ({ must, goal, atLeast: true })
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
    starts: 3,
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
    starts: 3,
    load: load('64k'),
    ratios: [cpu('bare', 1.15, 1.05), cpu('nginx', 2.9, 2.65)],
  },
  {
    name: '1m',
    what: '1 MiB',
    program: 'Weir',
    starts: 3,
    load: load('1m'),
    ratios: [cpu('bare', 1.08, 1.03), cpu('nginx', 1.3, 1.22)],
  },
  {
    name: 'post',
    what: 'POST of 16 KiB',
    program: 'Weir',
    starts: 3,
    load: load('1k', { method: 'POST', body: 16 * 1024, headers: { 'Content-Type': 'application/octet-stream' } }),
    ratios: [cpu('bare', 1.2, 1.1)],
  },
  ...[64, 256].map(
    (connections): RatioCase => ({
      name: `p99-${connections}`,
      what: `p99 at ${connections} connections and half the rate of the slower one`,
      program: 'Weir',
      load: load('1k', { kind: 'fixed', connections }),
      ratios: [{ to: 'bare', of: 'p99', bound: atMost(1.3, 1.1) }],
    }),
  ),
  {
    name: 'traces-1',
    group: 'filters',
    what: 'traces at 1 %, to traces off',
    program: 'Weir, traces at 1 %',
    starts: 5,
    load: load('1k'),
    ratios: [cpu('Weir', 1.05, 1.02)],
  },
  {
    name: 'traces-100',
    what: 'traces at 100 %, to traces off',
    program: 'Weir, traces at 100 %',
    load: load('1k'),
    ratios: [cpu('Weir', 1.6, 1.3)],
  },
  {
    name: 'jwt',
    what: 'a token with RS256, seen before, to the same requests without auth',
    program: 'Weir, RS256',
    starts: 3,
    load: load('1k', { token: true }),
    ratios: [cpu('Weir', 1.05, 1.02)],
  },
  {
    name: 'access-log',
    group: 'filters',
    what: 'access log to a file, to none',
    program: 'Weir, access log',
    starts: 5,
    load: load('1k'),
    ratios: [cpu('Weir', 1.05, 1.02)],
  },
  {
    name: 'observed',
    what: 'metrics, statistics and access log together, to none of them',
    program: 'Weir, metrics, statistics and access log',
    starts: 5,
    load: load('1k'),
    ratios: [cpu('Weir, unobserved', 1.08, 1.04)],
  },
  ...FILTER_NAMES.map(
    (name): RatioCase => ({
      name: `filter-${name}`,
      group: 'filters',
      what: `the chain with ${name}, to the same chain without it`,
      program: `Weir with ${name}`,
      load: load('1k', { token: name === 'auth' }),
      ratios: [cpu(`Weir without ${name}`)],
      starts: 3,
    }),
  ),
  {
    name: 'websocket',
    what: 'messages of 32 characters and their echoes on 64 WebSockets',
    program: 'Weir',
    load: load('ws', { kind: 'websocket' }),
    ratios: [cpu('bare', 1.1, 1.02)],
  },
  {
    name: 'endpoints',
    what: 'requests to the same ten endpoints, of 10,000 and of ten',
    program: 'Weir, 10,000 endpoints',
    starts: 3,
    load: load('1k', { path: `${PATH}%d/1k` }),
    ratios: [cpu('Weir, 10 endpoints', 1.05, 1.02)],
    spread: { 'Weir, 10,000 endpoints': 10, 'Weir, 10 endpoints': 10 },
  },
  {
    name: 'endpoints-spread',
    what: "requests spread over 10,000 endpoints, to 10: by design the processor's caches are cold",
    program: 'Weir, 10,000 endpoints',
    load: load('1k', { path: `${PATH}%d/1k` }),
    ratios: [cpu('Weir, 10 endpoints', 1.05, 1.02)],
    spread: { 'Weir, 10,000 endpoints': 10_000, 'Weir, 10 endpoints': 10 },
  },
  {
    name: 'workers',
    what: 'two workers to one process, load and upstream on the same cores',
    program: 'Weir, two workers',
    load: load('1k'),
    pinned: false,
    ratios: [cpu('Weir', 1.1, 1.03), { to: 'Weir', of: 'rate', bound: atLeast(1.5, 1.7) }],
  },
  {
    name: 'memory-idle',
    what: 'resident memory, idle',
    figure: 'idleMemory',
    unit: 'MiB',
    bound: atMost(110, 90),
  },
  {
    name: 'memory-connections',
    what: 'resident memory per idle connection of 10,000, after one request each',
    figure: 'connectionMemory',
    unit: 'KiB',
    bound: atMost(10, 8),
  },
  {
    name: 'memory-slow-reader',
    what: 'peak of resident memory over idle, 1 GiB to a slow reader',
    figure: 'slowReaderMemory',
    unit: 'MiB',
    bound: atMost(64, 32),
  },
  {
    name: 'start',
    what: 'start to first response, of an installed package that has run before',
    figure: 'startTime',
    unit: 'ms',
    bound: atMost(600, 350),
  },
]
